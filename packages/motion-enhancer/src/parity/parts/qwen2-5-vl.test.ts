import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import type { Check } from '../part.js';
import { runParity } from '../run.js';

const GOLDEN = 'goldens/qwen25vl_processing.json';

/** Failed checks of Qwen2.5-VL's part with a changed golden file. */
async function failedWith(change: (golden: any) => void): Promise<string[]> {
  const dir = temporaryFolder();
  cpSync(fixture('reference/qwen2_5_vl'), join(dir, 'qwen2_5_vl'), { recursive: true });
  mkdirSync(join(dir, 'goldens'));
  const golden = JSON.parse(readFileSync(fixture(GOLDEN), 'utf8'));
  change(golden);
  writeFileSync(join(dir, GOLDEN), JSON.stringify(golden));
  const checks: Check[] = [];
  const onCheck = (check: Check) => checks.push(check);
  await runParity(dir, { device: 'cpu', dtype: 'float32', only: ['qwen2_5_vl'], onCheck, onSkip() {} });
  assert.ok(checks.length > 15);
  return checks.filter((check) => !check.ok).map(({ name }) => name);
}

leakFree('golden sizes, frames, positions, windows and patches are checked, each by itself', async () => {
  assert.deepEqual(await failedWith(() => {}), []);
  const changes: [string, (golden: any) => void][] = [
    ['smart_resize_transformers', (g) => (g.smart_resize[3].transformers[0] += 28)],
    ['frames', (g) => (g.smart_nframes[0].idx[2] += 1)],
    ['mrope', (g) => (g.mrope[0].delta += 1)],
    ['windows', (g) => g.window_index.at(-1).window_index.reverse()],
    ['patch_order', (g) => (g.patch_order.first_value_of_each_row[5] += 1)],
  ];
  assert.deepEqual(
    await failedWith((golden) => {
      for (const [, change] of changes) change(golden);
    }),
    changes.map(([name]) => `qwen2_5_vl/${name}`),
  );
});

leakFree('cases of a golden file that cannot be read are named; absent kinds and keys are no failure', async () => {
  const failed = await failedWith((golden) => {
    golden.mrope[1].position_ids = 'damaged';
    golden.smart_nframes[2] = {};
    golden.smart_resize[0].h = null;
    delete golden.smart_resize[1].transformers;
    delete golden.smart_nframes[0].sample_fps;
    delete golden.mrope[0].delta;
    delete golden.window_index;
    delete golden.patch_order;
  });
  assert.deepEqual(failed, [
    'qwen2_5_vl/smart_resize_qwen_vl_utils/case 0',
    'qwen2_5_vl/smart_resize_transformers/case 0',
    'qwen2_5_vl/frames_refused/case 2',
    'qwen2_5_vl/mrope/video_3x2x4_no_spg',
  ]);
});
