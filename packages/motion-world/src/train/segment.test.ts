import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Generator, keep, linear, liveTensors, randn, scope, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { gpuTest } from '@motion-enhancer/libtorch/testing';
import { UserError } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { type SegmentOptions, trainSegment } from './segment.js';

/** Least squares on fresh data of every step. */
function regression(): { parameters: Map<string, Tensor>; loss: (step: number) => Tensor; free(): void } {
  const weight = keep(zeros([4, 1]));
  return {
    parameters: new Map([['weight', weight]]),
    loss: (step) => {
      const generator = new Generator(step);
      const x = randn([32, 4], { generator });
      generator.dispose();
      return x.matmul(weight).sub(x.sum(1, true)).square().mean();
    },
    free: () => weight.dispose(),
  };
}

function run(
  out: string,
  o: Partial<SegmentOptions> & Pick<SegmentOptions, 'total'>,
): { weights: number[]; step: number; averages: number[] } {
  const { parameters, loss, free } = regression();
  const result = trainSegment({ out, seconds: 1e9, parameters, loss, learningRate: () => 0.05, ema: 0.9, ...o });
  const weights = parameters.get('weight')!.reshape(-1).toArray();
  const averages = result.averages.get('weight')!.reshape(-1).toArray();
  for (const tensor of result.averages.values()) tensor.dispose();
  free();
  return { weights, averages, step: result.step };
}

test('a segment that is killed loses what came after its last save, and no more', () => {
  const before = liveTensors();
  scope(() => {
    const whole = run(temporaryFolder(), { total: 30 });
    const out = temporaryFolder();
    const { parameters, loss, free } = regression();
    const killed = (step: number) => {
      if (step === 17) throw new RangeError('killed');
      return loss(step);
    };
    const options = { out, seconds: 1e9, parameters, learningRate: () => 0.05, ema: 0.9, total: 30 };
    assert.throws(() => trainSegment({ ...options, loss: killed, saveSeconds: 0, logEvery: 5 }), RangeError);
    free();
    const seen: number[] = [];
    const again = regression();
    const result = trainSegment({
      ...{ ...options, parameters: again.parameters },
      loss: (step) => {
        seen.push(step);
        return again.loss(step);
      },
    });
    for (const tensor of result.averages.values()) tensor.dispose();
    assert.deepEqual(
      seen,
      Array.from({ length: 15 }, (_, i) => 15 + i),
    );
    assert.deepEqual(again.parameters.get('weight')!.reshape(-1).toArray(), whole.weights);
    again.free();
  });
  assert.equal(liveTensors(), before);
});

test('segments that are cut off anywhere end where one long segment ends, bit for bit', () => {
  const before = liveTensors();
  scope(() => {
    const whole = run(temporaryFolder(), { total: 60 });
    assert.ok(
      whole.weights.every((w) => Math.abs(w - 1) < 0.2),
      `${whole.weights}`,
    );
    const dir = temporaryFolder();
    const segments: number[] = [];
    for (;;) {
      let steps = 0;
      const limit = 7 + segments.length;
      const { parameters, loss, free } = regression();
      // The clock is looked at before every step: a loss that waits long enough ends the segment.
      const result = trainSegment({
        out: dir,
        seconds: 0.05,
        total: 60,
        parameters,
        learningRate: () => 0.05,
        ema: 0.9,
        loss: (step) => {
          if (++steps === limit) for (const end = performance.now() + 60; performance.now() < end; );
          return loss(step);
        },
      });
      segments.push(result.step);
      const weights = parameters.get('weight')!.reshape(-1).toArray();
      const averages = result.averages.get('weight')!.reshape(-1).toArray();
      for (const tensor of result.averages.values()) tensor.dispose();
      free();
      if (!result.finished) continue;
      assert.deepEqual(weights, whole.weights);
      assert.deepEqual(averages, whole.averages);
      break;
    }
    assert.ok(segments.length > 2, `${segments}`);
  });
  assert.equal(liveTensors(), before);
});

test('a loss that is no number stops the segment and leaves the last state', () => {
  const before = liveTensors();
  scope(() => {
    const dir = temporaryFolder();
    run(dir, { total: 10 });
    const { parameters, loss, free } = regression();
    const bad = () =>
      trainSegment({
        out: dir,
        seconds: 1e9,
        total: 20,
        parameters,
        learningRate: () => 0.05,
        logEvery: 1,
        loss: (step) => loss(step).mul(Number.NaN),
      });
    assert.throws(bad, (error) => error instanceof UserError && /finite/.test(error.message));
    free();
    assert.equal(run(dir, { total: 10 }).step, 10);
  });
  assert.equal(liveTensors(), before);
});

test('a state of another model is refused by name', () => {
  const before = liveTensors();
  scope(() => {
    const dir = temporaryFolder();
    run(dir, { total: 3 });
    const other = keep(zeros([5, 1]));
    assert.throws(
      () =>
        trainSegment({
          out: dir,
          seconds: 1,
          total: 9,
          parameters: new Map([['weight', other]]),
          learningRate: () => 1,
          loss: () => other.sum(),
        }),
      /Expected \[5,1\] for weights\.weight in .*state\.safetensors but received \[4,1\]/,
    );
    other.dispose();
  });
  assert.equal(liveTensors(), before);
});

gpuTest('a segment whose passes were recorded as a CUDA graph ends where one that launches every operator does', () => {
  const [eager, recorded] = [false, true].map((on) => {
    const generator = new Generator(5, 'cuda:0');
    const weights = [keep(randn([24, 16], { generator, device: 'cuda:0' })), keep(zeros([24], { device: 'cuda:0' }))];
    const [w, b] = weights as [Tensor, Tensor];
    const losses: number[] = [];
    const result = trainSegment({
      ...{ out: temporaryFolder(), seconds: 1e9, total: 30, ema: 0.9, recorded: on, logEvery: 1 },
      parameters: new Map([
        ['w', w],
        ['b', b],
      ]),
      learningRate: (step) => 0.01 + 0.001 * step,
      inputs: () => [randn([64, 16], { generator, device: 'cuda:0' })],
      loss: (_, [x]) => linear(x!, w, b).gelu('tanh').sub(1).square().mean(),
      onLog: ({ loss }) => void losses.push(loss),
    });
    const ends = [...weights, ...result.averages.values()].map((t) => t.reshape(-1).toArray());
    for (const t of [...weights, ...result.averages.values()]) t.dispose();
    generator.dispose();
    return { losses, ends };
  });
  assert.ok(eager!.losses.at(-1)! < 0.5 * eager!.losses[0]!, `${eager!.losses}`);
  const near = (a: number[], b: number[]) => a.every((x, i) => Math.abs(x - b[i]!) < 1e-4);
  assert.equal(recorded!.losses.length, 30);
  assert.ok(near(recorded!.losses, eager!.losses), `${recorded!.losses}\n${eager!.losses}`);
  for (const [i, end] of recorded!.ends.entries()) assert.ok(near(end, eager!.ends[i]!));
});
