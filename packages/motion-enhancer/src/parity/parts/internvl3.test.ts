import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import type { Check } from '../part.js';
import { runParity } from '../run.js';

const GOLDEN = 'goldens/internvl_frames.json';

/** A folder with the InternVL3 part and its goldens. */
function copy(): string {
  const dir = temporaryFolder();
  cpSync(fixture('reference/internvl3'), join(dir, 'internvl3'), { recursive: true });
  mkdirSync(join(dir, 'goldens'));
  cpSync(fixture(GOLDEN), join(dir, GOLDEN));
  return dir;
}

async function run(dir: string, dtype: 'float32' | 'bfloat16' = 'float32') {
  const checks: Check[] = [];
  const onCheck = (check: Check) => checks.push(check);
  await runParity(dir, { device: 'cpu', dtype, only: ['internvl3'], onCheck, onSkip() {} });
  return { names: checks.map((c) => c.name), failed: checks.filter((c) => !c.ok).map((c) => c.name) };
}

leakFree('frames, tiles and both forms are checked', async () => {
  const { names, failed } = await run(copy());
  assert.deepEqual(failed, []);
  for (const name of ['frames', 'frames_bound', 'tiles', 'model/logits', 'model-remote/step/grad_norm'])
    assert.ok(names.includes(`internvl3/${name}`), name);
});

leakFree('in bfloat16 too', async () => {
  assert.deepEqual((await run(copy(), 'bfloat16')).failed, []);
});

leakFree('a changed golden, a changed weight of one form: told', async () => {
  const dir = copy();
  const golden = JSON.parse(readFileSync(join(dir, GOLDEN), 'utf8'));
  golden.rows[2].internvl_train_middle[8][3]++;
  writeFileSync(join(dir, GOLDEN), JSON.stringify(golden));
  const path = join(dir, 'internvl3/model-remote/model.safetensors');
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, start).toString());
  const at = start + header['vision_model.encoder.layers.1.attn.qkv.weight'].data_offsets[0];
  bytes.writeFloatLE(bytes.readFloatLE(at) + 0.5, at);
  writeFileSync(path, bytes);
  const { failed } = await run(dir);
  assert.ok(
    failed.includes('internvl3/frames_training') && failed.includes('internvl3/same_parameters'),
    failed.join(),
  );
  assert.ok(!failed.some((name) => name.startsWith('internvl3/model/')), failed.join());
});

leakFree('a folder without the original form has the other checked', async () => {
  const dir = copy();
  rmSync(join(dir, 'internvl3/model-remote'), { recursive: true });
  const { names, failed } = await run(dir);
  assert.deepEqual(failed, []);
  assert.ok(names.length > 20 && !names.some((name) => name.includes('remote')));
});
