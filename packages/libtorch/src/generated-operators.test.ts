import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { native } from './native.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const generated = readFileSync(`${root}packages/libtorch/src/generated/aten.ts`, 'utf8');
const version = /libtorch (\S+)\. Do not edit/.exec(generated)?.[1];

test('the generated signatures are what the schemas of libtorch give', {
  skip: version !== native.version() && `generated for libtorch ${version}, this is ${native.version()}`,
}, () => {
  const run = spawnSync(process.execPath, [`${root}scripts/generate-operators.mjs`, '--check'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
});
