import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { liveBytes, scope, tensorsIn } from '@motion-enhancer/libtorch';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../config/field.js';
import { PRIOR_FIELDS, type PriorConfig } from './config.js';
import { tinyVdm } from './dataset/testing.js';
import { loadVdm } from './diffusion/vdm.js';
import { planPrior, priorPlanText, settled } from './memory-plan.js';
import { PRESETS } from './presets.js';

const dir = tinyVdm(join(temporaryFolder(), 'vdm'));
const FP32 = { device: 'cpu', dtype: 'float32' } as const;
const BF16 = { device: 'cpu', dtype: 'bfloat16' } as const;
const config = (o: Partial<PriorConfig> = {}) =>
  resolve(PRIOR_FIELDS, { frames: 5, height: 32, width: 48, steps: 2, ...o });

test('weights are those that are loaded, to the byte; the clip is the one of the options', async () => {
  const plan = planPrior(dir, config(), FP32);
  // In another dtype than the files': weights as they are stored are views of the whole file.
  const half = planPrior(dir, config(), BF16);
  const before = liveBytes();
  const vdm = await loadVdm(dir, BF16);
  try {
    assert.equal(liveBytes() - before, half.transformer + half.vae);
  } finally {
    vdm.dispose();
  }
  assert.deepEqual(plan.clip, { frames: 5, height: 32, width: 48, textTokens: 32, videoTokens: 1 * 2 * 3 });
  for (const part of ['textEncoder', 'transformer', 'vae'] as const) assert.equal(plan[part], 2 * half[part], part);
  assert.ok(planPrior(dir, config({ keepStrip: true }), FP32).vae > plan.vae, 'the decoder only where it is wanted');
  assert.equal(scope(() => tensorsIn(plan)).size, 0);
});

test('the peak is the larger of the encoder alone and all that is held together', () => {
  const { textEncoder, transformer, vae, encoding, passes, capture, peak } = planPrior(dir, config(), FP32);
  assert.equal(peak, Math.max(textEncoder, transformer + vae + Math.max(encoding, passes + capture.bytes)));
  // A layer of the averaged map: heads · S² numbers.
  assert.equal(planPrior(dir, config({ squareSum: 'accumulate' }), FP32).capture.bytes, 4 * 6 * 6 * 4);
});

test('tiles and a forced capture are told; what can only be sampled is keyed as sampled', () => {
  const plan = planPrior(dir, config({ height: 480, width: 720, vaeMemory: 0.01 }), FP32);
  assert.ok(plan.tile && plan.encoding <= 0.01 * 2 ** 30);
  assert.match(priorPlanText(plan).join('\n'), /in tiles of \d+ × \d+/);
  const text = priorPlanText(planPrior(dir, config({ squareSum: 'sampled' }), FP32)).join('\n');
  assert.match(text, /sampled, plain operators.*accumulate .*iB, replay .*iB/);
  assert.match(text, /at most, about +\S+ .iB of/);
  const only = { squareSum: 'sampled' } as const;
  assert.equal(settled(config(), only).squareSum, 'sampled');
  assert.equal(settled(config({ squareSum: 'replay' }), only).squareSum, 'replay');
  assert.equal(settled(config(), planPrior(dir, config(), FP32).capture).squareSum, 'auto');
});

test('further selections add their captures, once where they want the same; the strip its decoding; the next clip its encoding', () => {
  const alone = planPrior(dir, config(), FP32);
  const others = [
    config({ headRatio: 0.2 }),
    config({ stream: 'reference' }),
    config({ stream: 'reference', headRatio: 1 }),
  ];
  const together = planPrior(dir, config(), FP32, { others, ahead: true });
  assert.equal(together.captures, 2 * alone.capture.bytes);
  assert.equal(together.others.length, 3);
  assert.equal(together.peak, alone.transformer + alone.vae + alone.passes + together.captures + alone.encoding);
  assert.match(priorPlanText(together).join('\n'), /captures of all selections/);
  const strip = planPrior(dir, config({ keepStrip: true }), FP32);
  assert.ok(strip.decoding > alone.encoding && alone.decoding === 0);
  assert.equal(strip.peak, strip.transformer + strip.vae + strip.decoding);
});

test('a size that no token grid has is told as such', () => {
  assert.throws(() => planPrior(dir, config({ height: 50 }), FP32), /Expected a multiple of 16 for height/);
});

test('single passes plan their words’ maps and what spreads them; differences plan the encoder alone', () => {
  const one = planPrior(dir, config(PRESETS['renoise-4']), FP32);
  const [layers, heads, headDim, T, S] = [2, 4, 16, 32, 6];
  const words = 2 * 2 * layers * heads * T * S * 4; // directions · (sums, and sums of standardised maps)
  const spread = 4 * heads * headDim * (T + 2 * S) * 4; // passes of one layer
  assert.equal(one.captures, words + spread);
  assert.equal(one.capture.squareSum, 'none');
  assert.match(priorPlanText(one).join('\n'), /capture +words' maps alone, [\d.]+ MiB$/m);
  const none = planPrior(dir, config({ mode: 'difference' }), FP32);
  assert.deepEqual([none.textEncoder, none.transformer, none.passes, none.captures], [0, 0, 0, 0]);
  assert.equal(none.peak, none.vae + none.encoding);
});
