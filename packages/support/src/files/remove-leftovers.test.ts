import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/index.js';
import { removeLeftovers } from './remove-leftovers.js';

test('what killed processes left goes; files of living ones and of others stay', () => {
  const dir = temporaryFolder();
  const put = (name: string) => writeFileSync(join(dir, name), name);
  const dead = ['.run.yaml.999999999-0123abcd.tmp', `.log.jsonl.${process.pid}-0123abcd.tmp`];
  const kept = ['.run.yaml.1-0123abcd.tmp', '.notes.tmp', 'run.yaml', '.x.999999999-0123abcd.tmp.txt', '.x.12-zz.tmp'];
  for (const name of [...dead, ...kept]) put(name);
  mkdirSync(join(dir, '.checkpoint.999999999-0123abcd.tmp'));
  writeFileSync(join(dir, '.checkpoint.999999999-0123abcd.tmp', 'half'), '');
  assert.equal(removeLeftovers(dir).length, 3);
  assert.deepEqual(readdirSync(dir).sort(), [...kept].sort());
  utimesSync(join(dir, kept[0]!), 0, 0);
  assert.deepEqual(removeLeftovers(dir), [kept[0]], 'process 1 has another number space, or has long forgotten it');
  assert.deepEqual(removeLeftovers(join(dir, 'absent')), []);
});

test('what was put aside goes back where nothing took its place, else it goes', () => {
  const dir = temporaryFolder();
  const aside = (content: string) => {
    mkdirSync(join(dir, '.checkpoint.999999999-0123abcd.old'));
    writeFileSync(join(dir, '.checkpoint.999999999-0123abcd.old', 'config.json'), content);
  };
  aside('first');
  removeLeftovers(dir);
  assert.equal(readFileSync(join(dir, 'checkpoint', 'config.json'), 'utf8'), 'first');
  aside('older');
  removeLeftovers(dir);
  assert.deepEqual(readdirSync(dir), ['checkpoint']);
  assert.equal(readFileSync(join(dir, 'checkpoint', 'config.json'), 'utf8'), 'first');
});
