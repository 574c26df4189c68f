import assert from 'node:assert/strict';
import {
  cat,
  Generator,
  keep,
  noGrad,
  openSafetensors,
  randn,
  scope,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { DdimSchedule, loadCogVideoXTransformer } from '@motion-enhancer/models';
import { fixture, freshSeed } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { capturedMaps, type PassOptions } from '../capture/captured-maps.js';
import type { Scores } from '../capture/layer-attention.js';
import { PRIOR_FIELDS, type PriorConfig } from '../config.js';
import { ddimSampler } from './cogvideox/ddim-sampler.js';
import { cogVideoXDenoiser } from './cogvideox/denoiser.js';
import { isX, STREAMS, type Stream } from './streams.js';
import { invert, reconstruct, type StepAttention } from './trajectory.js';
import type { Denoiser } from './video-diffusion.js';

interface Call {
  timestep: number;
  batch: number;
  latents: number[];
  texts: number[];
}

/** A model whose v is a known function of latents, text and level; it records how it is called. */
function fakeModel(): { model: Denoiser; calls: Call[]; v(x: number, text: number, t: number): number } {
  const calls: Call[] = [];
  const v = (x: number, text: number, t: number) => 0.5 * x + text - t / 500;
  const model = {
    attention: { kind: 'joint', layers: 1, heads: 1, headDim: 1 },
    sampler: ddimSampler(schedule),
    denoise(latents: Tensor, text: Tensor, t: number) {
      const texts = text.select(1, 0).select(1, 0);
      calls.push({ timestep: t, batch: latents.size(0), latents: latents.toArray(), texts: texts.toArray() });
      return latents
        .mul(0.5)
        .add(texts.reshape(-1, 1, 1, 1, 1))
        .sub(t / 500);
    },
  } as unknown as Denoiser;
  return { model, calls, v };
}

const latents = (...values: number[]): Tensor =>
  tensor(values, { dtype: 'float64', shape: [1, values.length, 1, 1, 1] });
const prompt = (value: number): Tensor => tensor([value, 9], { dtype: 'float64', shape: [1, 2, 1] });
const schedule = new DdimSchedule();
const LEVELS: Record<number, number[]> = { 1: [999], 2: [499, 999], 5: [199, 399, 599, 799, 999] };

/** x₀, ε and the next level written out as docs/models/cogvideox.md 2 has them. */
const abar = (t: number) => (t < 0 ? 1 : schedule.alphaBar(t));
function up(x: number, v: number, t: number, steps: number): number {
  const s = abar(t - Math.floor(1000 / steps));
  const x0 = Math.sqrt(s) * x - Math.sqrt(1 - s) * v;
  const noise = Math.sqrt(s) * v + Math.sqrt(1 - s) * x;
  return Math.sqrt(abar(t)) * x0 + Math.sqrt(1 - abar(t)) * noise;
}
function down(x: number, v: number, t: number, steps: number): number {
  const p = abar(t - Math.floor(1000 / steps));
  const x0 = Math.sqrt(abar(t)) * x - Math.sqrt(1 - abar(t)) * v;
  const a = Math.sqrt((1 - p) / (1 - abar(t)));
  return a * x + (Math.sqrt(p) - Math.sqrt(abar(t)) * a) * x0;
}

for (const steps of [1, 2, 5])
  tensorTest(`${steps} steps up: one stream with the empty prompt, told the level that the step leads to`, () => {
    const { model, calls, v } = fakeModel();
    const seen: [number, number][] = [];
    const trajectory = invert(model, latents(0.3, -2), prompt(0.25), steps, (done, total) => seen.push([done, total]));
    assert.deepEqual(
      calls.map((c) => c.timestep),
      LEVELS[steps],
    );
    assert.ok(calls.every((c) => c.batch === 1 && c.texts[0] === 0.25));
    assert.deepEqual(
      seen,
      LEVELS[steps]!.map((_, i) => [i + 1, steps]),
    );
    assert.equal(trajectory.length, steps);
    let x = [0.3, -2];
    for (const [i, t] of LEVELS[steps]!.entries()) {
      closeTo(calls[i]!.latents, x, 1e-12, `latents at ${t}`);
      x = x.map((value) => up(value, v(value, 0.25, t), t, steps));
      closeTo(trajectory[i]!, x, 1e-12, `R at ${t}`);
    }
  });

for (const [steps, guidance] of [
  [1, 6],
  [2, 1],
  [5, 6],
  [5, 0],
  [5, 3.5],
] as const)
  tensorTest(`${steps} steps down, g = ${guidance}: [x·neg, x·pos, R·neg, R·pos], only x is stepped`, () => {
    const { model, calls, v } = fakeModel();
    const R = LEVELS[steps]!.map((t) => latents(t, -t));
    const seen: [number, number][] = [];
    const states = reconstruct(
      model,
      R,
      { text: prompt(0.75), empty: prompt(-0.5) },
      {
        steps,
        guidance,
        start: latents(1.5, 0.1),
        onStep: (done, total) => seen.push([done, total]),
      },
    );
    const levels = [...LEVELS[steps]!].reverse();
    assert.deepEqual(
      calls.map((c) => c.timestep),
      levels,
    );
    assert.deepEqual(
      seen,
      levels.map((_, i) => [i + 1, steps]),
    );
    let x = [1.5, 0.1];
    for (const [i, t] of levels.entries()) {
      const call = calls[i]!;
      assert.deepEqual([call.batch, call.texts], [4, [-0.5, 0.75, -0.5, 0.75]]);
      closeTo(call.latents, [...x, ...x, t, -t, t, -t], 1e-12, `batch at ${t}`);
      x = x.map((value) => {
        const [negative, positive] = [v(value, -0.5, t), v(value, 0.75, t)];
        return down(value, negative + guidance * (positive - negative), t, steps);
      });
      closeTo(states[i]!, x, 1e-11, `x after ${t}`);
    }
  });

tensorTest('half-precision latents: steps in float32, states in the latents’ dtype', () => {
  const { model } = fakeModel();
  const x0 = latents(0.3, -2).to('bfloat16');
  const R = invert(model, x0, prompt(0).to('bfloat16'), 5);
  assert.ok(R.every((t) => t.dtype === 'bfloat16'));
  const conditioning = { text: prompt(1).to('bfloat16'), empty: prompt(0).to('bfloat16') };
  const states = reconstruct(model, R, conditioning, { steps: 5, guidance: 6, start: x0 });
  assert.ok(states.every((t) => t.dtype === 'bfloat16' && t.isfinite().all().item() === 1));
});

// ---- with a network
/** Of a model with joint attention. */
function scoresOf({ of }: StepAttention, stream: Stream, keys?: 'own' | 'joint'): Scores {
  const attention = of(stream, keys);
  if (attention.kind !== 'joint') throw new Error('Expected joint attention.');
  return attention.joint;
}

const SEED = freshSeed();
const folder = fixture('reference/cogvideox15');

function withModel(body: (model: Denoiser, x0: Tensor, conditioning: { text: Tensor; empty: Tensor }) => void): void {
  const transformer = loadCogVideoXTransformer(`${folder}/transformer`, { device: 'cpu', dtype: 'float64' });
  const model = cogVideoXDenoiser(transformer, schedule);
  const file = openSafetensors(`${folder}/forward.safetensors`);
  const generator = new Generator(SEED);
  try {
    noGrad(() =>
      scope(() => {
        const [, flat, channels] = file.read('latents').shape as [number, number, number];
        const x0 = randn([1, flat, channels, 4, 4], { generator, dtype: 'float64' });
        const text = file.read('text').narrow(0, 0, 1).to('float64');
        body(model, x0, { text, empty: randn(text.shape, { generator, dtype: 'float64' }) });
      }),
    );
  } finally {
    generator.dispose();
    file.close();
    transformer.dispose();
  }
}

tensorTest(`x attends to its own and R's keys, R to its own; captured layers × steps times (seed ${SEED})`, () => {
  withModel((model, x0, conditioning) => {
    const steps = 2;
    const R = invert(model, x0, conditioning.empty, steps);
    const seen: string[] = [];
    const heads = model.attention.heads;
    reconstruct(model, R, conditioning, {
      steps,
      guidance: 6,
      start: x0,
      capture: (attention) => {
        seen.push(`${attention.step}.${attention.layer}`);
        const scores = (stream: Stream, keys?: 'joint') => scoresOf(attention, stream, keys);
        const [q, k] = [
          cat(STREAMS.map((stream) => scores(stream).q_BHND)),
          cat(STREAMS.map((stream) => scores(stream).k_BHND)),
        ];
        assert.deepEqual([q.size(0), q.size(1), k.size(0)], [4, heads, 4]);
        const row = (x: Tensor, i: number) => x.narrow(0, i, 1);
        const lse = (query: Tensor, keys: Tensor) =>
          query
            .matmul(keys.transpose(-2, -1))
            .div(Math.sqrt(query.size(-1)))
            .logsumexp(-1);
        for (const i of STREAMS) closeTo(scores(i).lse_BHN, lse(row(q, i), row(k, i)), 1e-12, `own ${i}`);
        for (const i of [0, 1] as const)
          closeTo(scores(i, 'joint').lse_BHN, lse(row(q, i), cat([row(k, i), row(k, i + 2)], 2)), 1e-12, `joint ${i}`);
      },
    });
    const layers = Array.from({ length: model.attention.layers }, (_, i) => i);
    assert.deepEqual(
      seen,
      [0, 1].flatMap((step) => layers.map((layer) => `${step}.${layer}`)),
    );
  });
});

for (const rows of [[1], [0], [2], [3], [0, 3], [1, 2], [2, 3], [0, 1]] as Stream[][])
  for (const stepsUsed of [1, 3])
    tensorTest(`rows ${rows} of the last ${stepsUsed} steps alone are as with all rows computed (seed ${SEED})`, () => {
      withModel((model, x0, conditioning) => {
        const steps = 3;
        const R = invert(model, x0, conditioning.empty, steps);
        const batches: number[] = [];
        const counting = {
          ...model,
          denoise: (...args: Parameters<Denoiser['denoise']>) => {
            batches.push(args[0].size(0));
            return model.denoise(...args);
          },
        };
        const run = (o: { captured?: (step: number) => readonly Stream[]; outcome?: boolean }) => {
          const seen = new Map<string, Tensor>();
          const states = reconstruct(counting, R, conditioning, {
            steps,
            guidance: 6,
            start: x0,
            ...o,
            capture: (a: StepAttention) => {
              for (const row of o.captured?.(a.step) ?? STREAMS) {
                const { q_BHND, k_BHND, ownLse_BHN, lse_BHN } = scoresOf(a, row, 'joint');
                const lse = isX(row) ? [ownLse_BHN, lse_BHN] : [ownLse_BHN];
                for (const [i, x] of [q_BHND, k_BHND, ...lse].entries())
                  seen.set(`${a.step}.${a.layer} row ${row} ${i}`, keep(x.clone()));
              }
            },
          });
          return { seen, states };
        };
        const whole = run({});
        assert.deepEqual(batches.splice(0), [4, 4, 4]);
        const captured = (step: number) => (step >= steps - stepsUsed ? rows : []);
        for (const outcome of [true, false]) {
          const part = run({ captured, outcome });
          const x = rows.filter(isX).length;
          const last = new Set(rows.flatMap((row) => (isX(row) ? [row, row + 2] : [row]))).size;
          const without = [x ? 4 : stepsUsed > 2 ? last : 0, x ? 4 : stepsUsed > 1 ? last : 0, last];
          assert.deepEqual(
            batches.splice(0),
            (outcome ? [4, 4, 4] : without).filter((n) => n > 0),
          );
          const expected = [...whole.seen.keys()].filter((key) => {
            const [, step, row] = /^(\d)\..* row (\d)/.exec(key)!.map(Number);
            return captured(step!).includes(row as Stream);
          });
          assert.deepEqual([...part.seen.keys()].sort(), expected.sort());
          for (const [key, value] of part.seen) closeTo(value, whole.seen.get(key)!, 1e-9, key);
          assert.equal(part.states.length, outcome ? steps : x ? steps - 1 : 0);
          for (const [i, state] of part.states.entries()) closeTo(state, whole.states[i]!, 1e-9, `state ${i}`);
          for (const t of part.seen.values()) t.dispose();
        }
        for (const t of whole.seen.values()) t.dispose();
      });
    });

tensorTest(`options of the captured map: init, stream, half, keys, steps used (seed ${SEED})`, () => {
  withModel((model, x0, conditioning) => {
    const trajectory = invert(model, x0, conditioning.empty, 2);
    const pass = (o: Partial<PriorConfig>, more?: PassOptions) =>
      capturedMaps({ model, x0, trajectory, conditioning }, [{ ...resolve(PRIOR_FIELDS, {}), steps: 2, ...o }], more);
    const maps = (o: Partial<PriorConfig> = {}) => pass(o).captured[0]!.maps.textToVideo_HTS;
    const base = maps();
    const differs = (o: Partial<PriorConfig>) => maps(o).sub(base).abs().max().item() > 1e-9;
    assert.ok(!differs({}), 'the same seed gives the same maps');
    assert.ok(!differs({ stepsUsed: 2 }));
    assert.ok(!differs({ stepsUsed: 9 }));
    assert.ok(!differs({ squareSum: 'replay' }));
    for (const o of [
      { seed: 1 },
      { init: 'inverted' },
      { stream: 'reference' },
      { half: 'negative' },
      { keys: 'joint' },
      { stepsUsed: 1 },
      { guidance: 1 },
    ] as const)
      assert.ok(differs(o), JSON.stringify(o));
    // R has no joint keys.
    const [own, joint] = (['own', 'joint'] as const).map((keys) => maps({ stream: 'reference', keys })) as [
      Tensor,
      Tensor,
    ];
    closeTo(joint, own, 0);
    const stages: string[] = [];
    const { outcome } = pass({}, { onStep: (done, total) => stages.push(`${done}/${total}`) });
    assert.deepEqual(stages, ['1/2', '2/2']);
    assert.equal(outcome, null);
    // The whole way down, and the same maps.
    const whole = pass({ keepStrip: true });
    closeTo(whole.captured[0]!.maps.textToVideo_HTS, base, 1e-12);
    const last = reconstruct(model, trajectory, conditioning, {
      steps: 2,
      guidance: 6,
      start: whole.outcome!.inverted,
    }).at(-1)!;
    const inverted = pass({ keepStrip: true, init: 'inverted' }).outcome!;
    closeTo(inverted.inverted, trajectory.at(-1)!, 0);
    closeTo(inverted.x, last, 1e-9);
    assert.ok(whole.outcome!.x.sub(last).abs().max().item() > 1e-6, 'from noise it ends elsewhere');
  });
});
