import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, liveTensors, manualSeed, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import type { KVCache } from '../kv-cache.js';
import { decodeKernels } from './decode-kernels.js';
import { decodeOn } from './decode-on.js';
import { decodeState } from './decode-state.js';
import { FusedStep } from './fused-step.js';
import { penalised, plainAdvance, plainStep } from './plain-step.js';
import { filledCache, testDecoder } from './testing.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();
const SIZES = {
  // Shares of key heads, widths and vocabularies of the published models, fewer of each.
  'Qwen2.5-VL-3B': { hiddenSize: 1024, intermediateSize: 2752, numAttentionHeads: 8, numKeyValueHeads: 1 },
  '7B': { hiddenSize: 1792, intermediateSize: 2432, numAttentionHeads: 14, numKeyValueHeads: 2 },
  'InternVL3-2B': {
    hiddenSize: 768,
    intermediateSize: 1152,
    numAttentionHeads: 6,
    numKeyValueHeads: 1,
    vocabSize: 1674,
  },
};
const LENGTHS = [[700], [3, 90, 41], [1, 2, 3, 4, 5, 6, 7, 1500], [257, 12, 5, 90, 33, 200, 128, 1, 64]];

/** Largest difference as a share of the largest value. */
const apart = (a: Tensor, b: Tensor) =>
  a.to('float32').sub(b.to('float32')).abs().max().item() / b.to('float32').abs().max().item();

function copyOf(cache: KVCache, length: number) {
  return cache.reserve(length, 0).map(({ k, v }) => ({ k: k.clone(), v: v.clone() }));
}

for (const dtype of ['bfloat16', 'float16'] as const)
  for (const [name, sizes] of Object.entries(SIZES)) {
    test(`a fused step equals its reference implementation: ${name}, ${dtype} (seed ${SEED})`, { skip }, () => {
      const before = liveTensors();
      manualSeed(SEED);
      noGrad(() =>
        scope(() => {
          const decoder = testDecoder({ headDim: 128, vocabSize: 1600, ...sizes }, 'cuda:0', dtype);
          const { config, weights } = decoder;
          for (const lengths of LENGTHS) {
            const kernels = decodeKernels(config, 'cuda:0', dtype, lengths.length);
            assert.ok(kernels);
            const { cache, start } = filledCache(decoder, lengths, 8);
            // What lies beyond the tokens is any number, none among them.
            for (const { k, v } of cache.reserve(start.length, 8))
              for (const part of [k, v]) part.narrow(2, start.length, 8).zero_();
            const [a, b] = [copyOf(cache, start.length), copyOf(cache, start.length)];
            const state = () => decodeState(start, config.vocabSize, true, 'cuda:0');
            const [s, t] = [state(), state()];
            const fused = new FusedStep(kernels, weights, config, lengths.length);
            for (let i = 0; i < 5; i++) {
              const wanted = plainStep(t, weights, config, b);
              const got = fused.logits(s, a);
              const size = dtype === 'bfloat16' ? 0.03 : 0.004;
              assert.ok(apart(got, wanted) < size, `${lengths.length} rows, step ${i}: ${apart(got, wanted)}`);
              for (const [layer, { k, v }] of a.entries()) {
                assert.ok(apart(k, b[layer]!.k) < size, `keys of layer ${layer}`);
                assert.ok(apart(v, b[layer]!.v) < size, `values of layer ${layer}`);
              }
              // The same token in both: the plain choice from the fused logits, which the kernel must find as well.
              const chosen = penalised(t, got, 1.3).argmax(-1);
              plainAdvance(t, chosen);
              if (i % 2 === 0) fused.pick(s, got, 1.3);
              else fused.take(s, chosen);
              for (const part of ['ids', 'length', 'steps', 'seen', 'history'] as const)
                assert.deepEqual(s[part]!.toArray(), t[part]!.toArray(), part);
            }
            cache.dispose();
          }
        }),
      );
      assert.equal(liveTensors(), before);
    });
  }

test('decoding as a CUDA graph gives what its steps give one by one', { skip }, () => {
  const before = liveTensors();
  manualSeed(SEED);
  noGrad(() =>
    scope(() => {
      const decoder = testDecoder({ headDim: 128, ...SIZES['Qwen2.5-VL-3B'] }, 'cuda:0', 'bfloat16');
      for (const lengths of LENGTHS)
        for (const o of [{}, { repetitionPenalty: 1.2 }, { temperature: 1.2, topP: 0.95, seed: 5 }]) {
          const { cache, start } = filledCache(decoder, lengths, 30);
          const decode = (cudaGraph: boolean) => {
            const rows: number[][] = [];
            const accept = (ids: readonly number[]) => rows.push([...ids]) > 0;
            const way = decodeOn(decoder, cache, start, { ...o, maxSteps: 30, cudaGraph, accept });
            assert.deepEqual(way, { kernels: 'fused', cudaGraph });
            cache.rewind(start.length);
            return rows;
          };
          const whole = decode(true);
          assert.equal(whole.length, 30);
          assert.deepEqual(whole, decode(false));
          cache.dispose();
        }
    }),
  );
  assert.equal(liveTensors(), before);
});

test('plain operators serve off CUDA, at full precision and for other sizes', () => {
  const before = liveTensors();
  const { config } = scope(() => ({ config: testDecoder({ headDim: 128 }).config }));
  assert.equal(decodeKernels(config, 'cpu', 'bfloat16', 1), null);
  assert.equal(decodeKernels(config, 'cuda:0', 'float32', 1), null);
  assert.equal(decodeKernels({ ...config, headDim: 64 }, 'cuda:0', 'bfloat16', 1), null);
  assert.equal(decodeKernels({ ...config, numAttentionHeads: 18 }, 'cuda:0', 'bfloat16', 1), null);
  assert.equal(liveTensors(), before);
});

test('of equal logits the first is taken, and numbers that are none do no harm', { skip }, () => {
  const before = liveTensors();
  scope(() => {
    const config = testDecoder({ headDim: 128 }).config;
    const kernels = decodeKernels(config, 'cuda:0', 'bfloat16', 2)!;
    const weights = testDecoder({ headDim: 128, vocabSize: 5000 }, 'cuda:0', 'bfloat16').weights;
    const fused = new FusedStep(kernels, weights, config, 2);
    const start = { ids: [1, 2], seen: [[1], [2]], length: 3, padding: [0, 0], shift: [0, 0] };
    const s = decodeState(start, 5000, false, 'cuda:0');
    const logits = randn([2, 5000]).to('bfloat16', 'cuda:0').clamp(-2, 2);
    fused.pick(s, logits, 1);
    assert.deepEqual(s.ids.toArray(), logits.argmax(-1).toArray().map(Number));
    fused.pick(s, logits.mul(Number.NaN), 1);
    assert.ok(s.ids.toArray().every((id) => Number(id) >= 0 && Number(id) < 5000));
  });
  assert.equal(liveTensors(), before);
});
