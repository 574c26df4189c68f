import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { loadVlm } from '../families/load.js';
import { FORMS, writeTestForm } from '../testing.js';
import { memoryPlan } from './memory-plan.js';

const dir = temporaryFolder();
function planOf(name: string, config: object) {
  const folder = join(dir, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return memoryPlan(folder);
}
const SIZES = JSON.parse(readFileSync(fixture('model-sizes.json'), 'utf8')) as Record<
  string,
  { text: Record<string, unknown>; vision: Record<string, unknown> }
>;
const qwen = (size: string) => ({
  model_type: 'qwen2_5_vl',
  ...SIZES[size]!.text,
  max_position_embeddings: 128000,
  vision_config: { ...SIZES[size]!.vision, in_chans: 3 },
});

tensorTest('parameters are those of loaded models, in every form', () => {
  for (const form of FORMS) {
    const folder = writeTestForm(join(dir, form), form);
    const vlm = loadVlm(folder, { device: 'cpu', dtype: 'float32' });
    const counts = { vision: 0, merger: 0, llm: 0 };
    for (const [name, parameter] of vlm.model.parameters()) counts[vlm.model.groupOf(name)] += parameter.numel;
    const { size, parameters } = memoryPlan(folder);
    assert.deepEqual([size.vision, size.merger, size.language], [counts.vision, counts.merger, counts.llm], form);
    assert.equal(parameters, counts.vision + counts.merger + counts.llm);
    vlm.dispose();
  }
});

test('published sizes: 3.75, 8.29 and 73.4 thousand million parameters; what 72B needs', () => {
  const near = (plan: { parameters: number }, billions: number, digits: number) =>
    assert.equal((plan.parameters / 1e9).toFixed(digits), billions.toFixed(digits));
  near(planOf('3b', qwen('qwen-3b')), 3.75, 2);
  near(planOf('7b', qwen('qwen-7b')), 8.29, 2);
  const large = planOf('72b', qwen('qwen-72b'));
  near(large, 73.4, 1);
  const [float32, bfloat16] = large.dtypes;
  assert.equal(bfloat16!.weights, 2 * large.parameters);
  assert.equal(float32!.weights, 4 * large.parameters);
  assert.equal(bfloat16!.cachePerToken, 2 * 80 * 8 * 128 * 2);
  assert.deepEqual(
    bfloat16!.chats.map(({ tokens }) => tokens),
    [8192, 128000],
  );
  for (const { chats, weights } of large.dtypes)
    for (const { total, cache, working } of chats) assert.equal(total, weights + cache + working);
  assert.ok(bfloat16!.chats[1]!.working > 10 * bfloat16!.chats[0]!.working);
  const chunked = memoryPlan(join(dir, '72b'), undefined, 2048).dtypes[1]!;
  assert.ok(chunked.chats[1]!.working < 0.4 * bfloat16!.chats[1]!.working);
  assert.equal(chunked.chats[1]!.cache, bfloat16!.chats[1]!.cache);
});

test('InternVL3-78B, which cannot be run here, is planned', () => {
  const plan = planOf('78b', {
    model_type: 'internvl_chat',
    downsample_ratio: 0.5,
    llm_config: { ...SIZES['internvl-78b']!.text, max_position_embeddings: 32768 },
    vision_config: {
      ...SIZES['internvl-78b']!.vision,
      norm_type: 'rms_norm',
      qkv_bias: false,
      qk_normalization: true,
    },
  });
  assert.equal((plan.parameters / 1e9).toFixed(1), '78.4');
  assert.equal((plan.size.vision / 1e9).toFixed(2), '5.54');
});

test('a config without sizes is reported', () => {
  assert.throws(() => planOf('none', { model_type: 'qwen2_5_vl', vision_config: {} }), {
    code: 'ERR_CONFIG',
    message: /integer for hidden_size/,
  });
});

test('weights that no machine holds are refused before they are read', () => {
  planOf('giant', { ...qwen('qwen-72b'), num_hidden_layers: 40_000 });
  assert.throws(() => loadVlm(join(dir, 'giant'), { device: 'cpu', dtype: 'float32' }), {
    name: 'UserError',
    code: 'ERR_MEMORY',
    message: /Expected \d+\.\d GiB of memory .*giant in float32 but this machine’s memory has .* generate --plan/,
  });
});
