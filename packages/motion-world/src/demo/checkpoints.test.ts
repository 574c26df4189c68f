import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
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

  const half = join(dir, '.qwen2.5-vl-random.999999999-0123abcd.tmp');
  mkdirSync(half);
  rmSync(vlm, { recursive: true });
  demoCheckpoints(dir);
  assert.ok(!existsSync(half), 'what an interrupted run left');
  assert.ok(first.equals(readFileSync(weights)), 'the same seed gives other weights');
});

tensorTest('a folder of that name without the mark is somebody’s own', () => {
  const dir = temporaryFolder();
  const own = join(dir, 'cogvideox-random', 'mine.txt');
  mkdirSync(dirname(own));
  writeFileSync(own, 'mine');
  assert.throws(() => demoCheckpoints(dir), { name: 'UserError', code: 'ERR_DEMO', message: /not one of the demo/ });
  assert.equal(readFileSync(own, 'utf8'), 'mine');
});

tensorTest('outside of a clone of the project, that is reported', () => {
  const error = { name: 'UserError', code: 'ERR_DEMO', message: /clone of the project/ };
  assert.throws(() => demoCheckpoints(temporaryFolder(), '/nowhere'), error);
});
