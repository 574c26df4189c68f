import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arange, cat, ones, openSafetensors, scope, writeSafetensors } from '@motion-enhancer/libtorch';
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

leakFree('a padded batch is compared: rotary ids of each sequence, logits of all', async () => {
  const dir = temporaryFolder();
  cpSync(fixture('reference/qwen2_5_vl'), join(dir, 'qwen2_5_vl'), { recursive: true });
  const step = openSafetensors(join(dir, 'qwen2_5_vl/step.safetensors'));
  scope(() => {
    // The sequence, and its beginning: what comes before does not know what comes after.
    const [n, cut] = [113, 109];
    const kept = arange(0, n).lt(cut).to('int64').view(1, n);
    const twice = (name: string, dim = 0) => cat([step.read(name), step.read(name)], dim);
    const mask_BN = cat([ones([1, n], { dtype: 'int64' }), kept]);
    writeSafetensors(join(dir, 'qwen2_5_vl/batch.safetensors'), {
      input_ids: twice('input_ids').mul(mask_BN),
      attention_mask: mask_BN,
      position_ids: twice('position_ids', 1).mul(mask_BN),
      logits: twice('logits').mul(mask_BN.to('float32').unsqueeze(-1)),
      pixel_values_videos: twice('pixel_values_videos'),
      video_grid_thw: twice('video_grid_thw'),
      second_per_grid_ts: twice('second_per_grid_ts'),
    });
  });
  step.close();
  const checks: Check[] = [];
  const onCheck = (check: Check) => checks.push(check);
  await runParity(dir, { device: 'cpu', dtype: 'float32', only: ['qwen2_5_vl'], onCheck, onSkip() {} });
  const batch = checks.filter(({ name }) => name.startsWith('qwen2_5_vl/batch'));
  assert.deepEqual(
    batch.map(({ name, ok, note }) => [name, ok, note]),
    [
      ['qwen2_5_vl/batch/position_ids', true, undefined],
      ['qwen2_5_vl/batch/logits', true, undefined],
    ],
  );
});
