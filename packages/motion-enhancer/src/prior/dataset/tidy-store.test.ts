import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownIdentity } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { leftovers } from './testing.js';
import { tidyStore } from './tidy-store.js';

/** The number of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;
const age = (path: string, ms: number) => {
  const then = new Date(Date.now() - ms);
  utimesSync(path, then, then);
};

test('gc: claims and temporary files of the dead; those of the living, of other machines and young ones stay', () => {
  const dir = temporaryFolder();
  const me = ownIdentity();
  const dead = deadPid();
  const write = (name: string, content: object | string = 'half', ms = 0) => {
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
    age(join(dir, name), ms);
    return name;
  };
  const gone = [
    write('.aa.claim', { ...me, pid: dead, token: 'x' }),
    write(`.aa.safetensors.${dead}-00ff.tmp`),
    write(`.manifest-00112233.json.${dead}-00ff.tmp`, 'half', 120_000),
    write('.ab.claim.00ff00ff.tmp', 'half', 120_000),
  ];
  const kept = [
    write('.ba.claim', { ...me, token: 'x' }),
    write(`.ba.safetensors.${process.pid}-00ff.tmp`),
    write('.bb.claim', { ...me, host: 'elsewhere', pid: dead, token: 'x' }),
    write(`.bb.safetensors.${dead}-00ff.tmp`, 'half', 120_000),
    write(`.bc.safetensors.${dead}-00ff.tmp`),
    write('.hidden'),
  ];
  write('aa.safetensors', 'prior', 10 * 86_400_000);
  write('failed.jsonl');
  const paths = (names: string[]) => names.map((name) => join(dir, name)).toSorted();
  const listed = tidyStore(dir, { remove: false });
  assert.deepEqual(listed.map((r) => r.path).toSorted(), paths(gone));
  assert.deepEqual(leftovers(dir).length, gone.length + kept.length, 'a dry run removes nothing');
  assert.deepEqual(tidyStore(dir), listed);
  assert.deepEqual(leftovers(dir).toSorted(), kept.toSorted());
  assert.equal(readFileSync(join(dir, 'aa.safetensors'), 'utf8'), 'prior');
  assert.deepEqual(tidyStore(dir), []);
});
