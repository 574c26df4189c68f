import assert from 'node:assert/strict';
import {
  cat,
  type DType,
  full,
  Generator,
  noGrad,
  openSafetensors,
  randn,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { attentionWithLse, DdimSchedule, loadCogVideoXTransformer } from '@motion-enhancer/models';
import { fixture, freshSeed } from '@motion-enhancer/support/testing';
import { cogVideoXDenoiser } from './cogvideox/denoiser.js';
import { type Attended, mergeByLse, mergeByLse_ } from './merge.js';
import type { Stream } from './streams.js';
import { reconstruct } from './trajectory.js';

const SEED = freshSeed();
const generator = new Generator(SEED);
const random = (shape: number[], dtype: DType) => randn(shape, { generator, dtype: 'float64' }).to(dtype);

/** In float64, from the definition. */
function plain(q: Tensor, k: Tensor, v: Tensor): Attended {
  const scores = q
    .to('float64')
    .matmul(k.to('float64').transpose(-2, -1))
    .div(Math.sqrt(q.size(-1)));
  return { out: scores.softmax(-1).matmul(v.to('float64')), lse_BHN: scores.logsumexp(-1) };
}

for (const [dtype, relative] of [
  ['float64', 1e-12],
  ['float32', 3e-6],
] as const)
  tensorTest(`merged parts equal attention over concatenated keys: ${dtype} (seed ${SEED})`, () => {
    for (const [n, a, b, scale] of [
      [5, 5, 5, 1],
      [3, 1, 9, 1],
      [4, 8, 2, 6],
      [1, 1, 1, 0.1],
    ] as const) {
      const q = random([2, 3, n, 8], dtype).mul(scale);
      const [ka, va] = [random([2, 3, a, 8], dtype), random([2, 3, a, 8], dtype)];
      const [kb, vb] = [random([2, 3, b, 8], dtype), random([2, 3, b, 8], dtype)];
      const merged = mergeByLse(attentionWithLse(q, ka, va), attentionWithLse(q, kb, vb));
      const whole = plain(q, cat([ka, kb], 2), cat([va, vb], 2));
      assert.equal(merged.out.dtype, dtype);
      closeTo(merged.out, whole.out, relative, 'out');
      closeTo(merged.lse_BHN, whole.lse_BHN, relative, 'lse');
      const swapped = mergeByLse(attentionWithLse(q, kb, vb), attentionWithLse(q, ka, va));
      closeTo(swapped.out, merged.out, relative, 'the order of the parts');
      const [into, other] = [attentionWithLse(q, ka, va), attentionWithLse(q, kb, vb)];
      mergeByLse_(into, other);
      assert.deepEqual(into.out.toArray(), merged.out.toArray(), 'in place');
    }
  });

tensorTest('log-sum-exps that lie far apart: the larger part alone, without NaN', () => {
  for (const dtype of ['float32', 'float64', 'bfloat16'] as const)
    for (const [x, y] of [
      [80, -80],
      [-80, 80],
      [80, 80],
      [-80, -80],
      [1000, -1000],
      [-1e4, 1e4],
    ] as const) {
      const lse = (value: number) => full([1, 1, 2], value, { dtype: dtype === 'float64' ? dtype : 'float32' });
      const [a, b] = [full([1, 1, 2, 3], 1, { dtype }), full([1, 1, 2, 3], 3, { dtype })];
      const merged = mergeByLse({ out: a, lse_BHN: lse(x) }, { out: b, lse_BHN: lse(y) });
      assert.deepEqual(merged.out.toArray(), new Array(6).fill(x === y ? 2 : x > y ? 1 : 3), `${dtype} ${x} ${y}`);
      closeTo(
        merged.lse_BHN,
        [0, 0].map(() => Math.max(x, y) + (x === y ? Math.LN2 : 0)),
        1e-6,
      );
    }
});

tensorTest(`memory that repeats the stream changes nothing: R = x and one prompt (seed ${SEED})`, () => {
  const folder = fixture('reference/cogvideox15');
  const model = loadCogVideoXTransformer(`${folder}/transformer`, { device: 'cpu', dtype: 'float64' });
  const file = openSafetensors(`${folder}/forward.safetensors`);
  const schedule = new DdimSchedule();
  noGrad(() =>
    scope(() => {
      const x = random([...file.read('latents').narrow(0, 0, 1).shape], 'float64');
      const text = file.read('text').narrow(0, 0, 1).to('float64');
      for (const guidance of [1, 6]) {
        let joint: Tensor | null = null;
        let own: Tensor | null = null;
        const [state] = reconstruct(
          cogVideoXDenoiser(model, schedule),
          [x],
          { text, empty: text },
          {
            steps: 1,
            guidance,
            start: x,
            capture: ({ layer, of }) => {
              if (layer > 0) return;
              const lse = (stream: Stream, keys: 'own' | 'joint') => {
                const attention = of(stream, keys);
                assert.equal(attention.kind, 'joint');
                return attention.kind === 'joint' ? attention.joint.lse_BHN : x;
              };
              // Twice the keys: the log-sum-exp grows by log 2, everything else stays.
              joint = lse(1, 'joint').sub(Math.LN2).to('float64');
              own = lse(1, 'own');
              closeTo(joint, own, 1e-12, 'log-sum-exp');
              closeTo(lse(3, 'own'), own, 1e-12, 'both streams are one');
            },
          },
        );
        assert.ok(joint && own, 'the capture ran');
        const expected = schedule.step(model.forward(x, text, 999), 999, x, 1);
        closeTo(state!, expected, 1e-10, `x after the step, g = ${guidance}`);
      }
    }),
  );
  file.close();
  model.dispose();
});
