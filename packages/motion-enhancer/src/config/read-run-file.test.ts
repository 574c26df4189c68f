import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { readRunFile } from './read-run-file.js';

const path = join(temporaryFolder(), 'run.yaml');
const read = (text: string) => {
  writeFileSync(path, text);
  return readRunFile(path);
};

test('a run file: names as in the tables or as options, values as YAML has them', () => {
  assert.deepEqual(read('batch-size: 4\nlr: 1e-5\nfreeze: [vision]\npriors: p # no comment\nvisionLr: 0.1\n'), {
    batchSize: 4,
    lr: 1e-5,
    freeze: ['vision'],
    priors: 'p',
    visionLr: 0.1,
  });
  assert.deepEqual(read('# nothing\n'), {});
});

test('mistakes in a run file are named', () => {
  const refuses = (text: string, message: RegExp) => assert.throws(() => read(text), { name: 'UserError', message });
  refuses('a: [1\n', /not valid YAML.*line/);
  refuses('- a\n- b\n', /Expected a map of settings .* but received .*a list/);
  refuses('batchSize: 1\nbatch-size: 2\n', /batchSize stands twice/);
  refuses('lr: 1\nlr: 2\n', /not valid YAML.*unique/);
  assert.throws(() => readRunFile(`${path}.gone`), { name: 'UserError', message: /cannot be read/ });
});

test('a file of aliases of aliases is refused, not written out', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg'])
    bomb.push(`${name}: &${name} [${new Array(9).fill(`*${of}`).join(', ')}]`);
  const path = join(temporaryFolder(), 'run.yaml');
  writeFileSync(path, bomb.join('\n'));
  assert.throws(() => readRunFile(path), { name: 'UserError', code: 'ERR_CONFIG', message: /run\.yaml.*alias/i });
});
