import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { tensorTest } from '@motion-enhancer/core/internal/testing/tensor-test.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { demoCheckpoints } from './checkpoints.js';

tensorTest('made once, marked as random, and finished where an earlier run was interrupted', () => {
  const dir = temporaryFolder();
  const { vdm, vlm } = demoCheckpoints(dir);
  for (const folder of [vdm, vlm]) assert.match(readFileSync(join(folder, 'RANDOM_WEIGHTS'), 'utf8'), /random/);
  const weights = join(vlm, 'model.safetensors');
  const first = readFileSync(weights);
  const written = statSync(weights).mtimeMs;
  demoCheckpoints(dir);
  assert.equal(statSync(weights).mtimeMs, written, 'written again');

  rmSync(join(vlm, 'RANDOM_WEIGHTS'));
  rmSync(join(vlm, 'vocab.json'));
  rmSync(join(vdm, 'tokenizer'), { recursive: true });
  demoCheckpoints(dir);
  assert.ok(statSync(join(vlm, 'vocab.json')).size > 1e6);
  assert.ok(statSync(join(vdm, 'tokenizer', 'COMPLETE')).isFile());
  assert.ok(first.equals(readFileSync(weights)), 'the same seed gives other weights');
});

tensorTest('a folder of models without its mark was interrupted, and is made anew', () => {
  const dir = temporaryFolder();
  const { vdm } = demoCheckpoints(dir);
  rmSync(join(vdm, 'RANDOM_WEIGHTS'));
  rmSync(join(vdm, 'vae'), { recursive: true });
  rmSync(join(vdm, 'tokenizer', 'COMPLETE'));
  demoCheckpoints(dir);
  assert.ok(statSync(join(vdm, 'vae', 'config.json')).isFile());
});

tensorTest('outside of a clone of the project, that is told', () => {
  const error = { name: 'UserError', code: 'ERR_DEMO', message: /clone of the project/ };
  assert.throws(() => demoCheckpoints(temporaryFolder(), '/nowhere'), error);
});
