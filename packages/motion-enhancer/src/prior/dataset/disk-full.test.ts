import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { contents, emptyFolder, goodRows, leftovers, SMALL, start, tinyVdm, writeRows } from './testing.js';

const dir = temporaryFolder();
const disk = emptyFolder(dir, 'disk');

/** False where that is not permitted. */
function mounted(size: string, remount = false): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${remount ? 'remount,' : ''}size=${size}`, 'none', disk], {
      stdio: 'ignore',
    });
    if (!remount) process.prependListener('exit', () => execFileSync('umount', ['-l', disk], { stdio: 'ignore' }));
    return true;
  } catch {
    return false;
  }
}

const small = mounted('64k');

test('a full disk: the error has needed and free bytes, what exists stays whole, with room the run goes on', {
  skip: small ? false : 'mounting a tmpfs is not permitted here',
  timeout: 120_000,
}, async () => {
  const rows = goodRows(12);
  const args = ['extract', '--vdm', tinyVdm(join(dir, 'vdm')), '--out', disk, ...SMALL];
  const data = writeRows(join(dir, 'data.jsonl'), rows);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(40 * 1024));
  const full = await start([...args, '--data', data]).ended;
  assert.equal(full.code, 2, full.err);
  assert.match(full.err, /error: Could not write .*the disk is full\. It needs \d+ bytes; \d+ bytes are free/);
  assert.doesNotMatch(full.err, /\n {4}at |defect of MotionEnhancer/);
  const there = contents(disk);
  assert.ok(Object.keys(there).length < rows.length);
  assert.deepEqual(leftovers(disk), []);

  assert.ok(mounted('4m', true));
  const after = await start([...args, '--data', data]).ended;
  const { done, existed } = after.summary;
  assert.deepEqual([after.code, done + existed, existed], [0, rows.length, Object.keys(there).length]);
  for (const [key, prior] of Object.entries(there)) assert.deepEqual(contents(disk)[key], prior);
});
