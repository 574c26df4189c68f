import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, type DType, Generator, liveTensors, randn, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed } from '@motion-enhancer/support/testing';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import { AttentionCapture } from './attention-capture.js';
import type { Capture } from './capture-types.js';
import { chooseCapture } from './choose-capture.js';
import { FusedCapture, whyNotFused } from './fused-capture.js';
import type { HeadMaps } from './head-maps.js';
import { jointOfClip } from './testing.js';

const why = cuda().count > 0 ? whyNotFused('cuda:0', 'bfloat16', 64) : 'this machine has no NVIDIA GPU';
/** `tensorTest` where the fused kernel can serve; elsewhere it is skipped with the reason. */
const fusedTest = (name: string, body: () => void): void =>
  tensorTest(name, body, why === null ? false : `no fused kernel here: ${why}`);
const SEED = freshSeed();
const generator = new Generator(SEED);
const STATISTICS = ['textToVideo_HTS', 'sameLocation_HPFF', 'total_H', 'squares_H'] as const;

interface Pass {
  q: Tensor;
  k: Tensor;
  own: Tensor;
  joint: Tensor;
}

/** `focus` 0 makes random heads; 1 heads whose logits of a token with itself reach about 60. */
function passesOf(count: number, heads: number, grid: TokenGrid, dtype: DType, focus: number): Pass[] {
  const N = grid.textTokens + videoTokens(grid);
  return Array.from({ length: count }, () => {
    const make = () => randn([heads, N, 64], { generator }).to(dtype, 'cuda:0');
    const raw = make();
    const unit = raw.to('float32').div(raw.to('float32').square().sum(-1, true).sqrt()).mul(22).to(dtype);
    const [q, k] = focus ? [unit, unit] : [raw, make()];
    const scores = q
      .to('float32')
      .matmul(k.to('float32').transpose(-2, -1))
      .mul(1 / 8);
    const own = scores.logsumexp(-1);
    return { q, k, own, joint: own.add(randn([heads, N], { generator }).abs().to('cuda:0')) };
  });
}

function captured(capture: Capture, passes: readonly Pass[], joint: boolean): HeadMaps {
  try {
    for (const { q, k, own, joint: both } of passes) capture.add(jointOfClip(q, k, own, joint ? both : own));
    return capture.finish()[0]!;
  } finally {
    capture.dispose();
  }
}

const GRIDS: [heads: number, passes: number, TokenGrid][] = [
  [1, 1, { frames: 1, height: 2, width: 3, textTokens: 4 }],
  [3, 2, { frames: 3, height: 5, width: 7, textTokens: 5 }],
  [2, 9, { frames: 2, height: 8, width: 16, textTokens: 128 }],
  [2, 5, { frames: 5, height: 11, width: 13, textTokens: 226 }],
  [2, 7, { frames: 3, height: 17, width: 23, textTokens: 30 }],
  [1, 3, { frames: 1, height: 40, width: 77, textTokens: 226 }],
];

for (const dtype of ['bfloat16', 'float16'] as const)
  for (const focus of [0, 1])
    fusedTest(
      `the fused kernel equals plain operators: ${dtype}, ${focus ? 'diagonal' : 'random'} heads (seed ${SEED})`,
      () => {
        for (const [heads, count, grid] of GRIDS)
          for (const joint of [false, true])
            scope(() => {
              const passes = passesOf(count, heads, grid, dtype, focus);
              const options = { device: 'cuda:0', dtype };
              const plain = new AttentionCapture(heads, grid, { ...options, squareSum: 'replay' });
              const expected = captured(plain, passes, joint);
              const [ours, again] = [0, 1].map(() =>
                captured(new FusedCapture(heads, grid, count, options), passes, joint),
              ) as [HeadMaps, HeadMaps];
              const what = `${heads} × ${count} of ${grid.frames} × ${locations(grid)} + ${grid.textTokens}`;
              for (const name of STATISTICS) {
                assert.deepEqual(ours[name].shape, expected[name].shape, name);
                // Tensor cores truncate sums to about 22 bits: at logits of 60 that is 1.4e-5 of an entry, twice that of a square.
                closeTo(ours[name], expected[name], focus ? 6e-5 : 2e-5, `${what}, ${name}`);
                assert.deepEqual(again[name].toArray(), ours[name].toArray(), `${name}: twice the same bits`);
              }
            });
      },
    );

fusedTest(`views and odd strides are packed as they are read (seed ${SEED})`, () => {
  const grid: TokenGrid = { frames: 2, height: 9, width: 9, textTokens: 7 };
  const N = 7 + 162;
  const batch = randn([4, N, 3, 64], { generator }).to('bfloat16', 'cuda:0').transpose(1, 2); // [4, 3, N, 64]
  const odd = randn([3, N, 65], { generator }).to('bfloat16', 'cuda:0').narrow(2, 1, 64);
  const lse = randn([4, 3, N], { generator }).add(6).to('cuda:0').select(0, 2);
  const q = batch.select(0, 1);
  const pass = { q, k: odd, own: lse, joint: lse };
  const options = { device: 'cuda:0', dtype: 'bfloat16' } as const;
  const expected = captured(new AttentionCapture(3, grid, { ...options, squareSum: 'accumulate' }), [pass], true);
  const ours = captured(new FusedCapture(3, grid, 4, options), [pass], true);
  for (const name of ['textToVideo_HTS', 'sameLocation_HPFF', 'squares_H'] as const)
    closeTo(ours[name], expected[name], 2e-5, name);
});

fusedTest('auto takes the fused kernel where it can serve, plain operators where it cannot', () => {
  const grid: TokenGrid = { frames: 2, height: 2, width: 2, textTokens: 3 };
  const needs = { heads: 2, headDim: 64, grid, passes: 2, device: 'cuda:0', dtype: 'bfloat16' } as const;
  const choices = [
    [{ ...needs, squareSum: 'auto' }, FusedCapture, /fused kernel, keeps .* of 2 passes/],
    [{ ...needs, squareSum: 'replay' }, FusedCapture, /fused kernel/],
    [{ ...needs, squareSum: 'accumulate' }, AttentionCapture, /^accumulate, plain/],
    [{ ...needs, headDim: 32, squareSum: 'auto' }, AttentionCapture, /heads of size 64, not 32/],
    [{ ...needs, passes: 1e9, squareSum: 'auto' }, AttentionCapture, /would keep .* is free/],
  ] as const;
  for (const [options, kind, plan] of choices) {
    const chosen = chooseCapture(options);
    assert.ok(chosen.capture instanceof kind, chosen.plan);
    assert.match(chosen.plan, plan);
    chosen.capture.dispose();
  }
  // 360 GiB of maps, 26 TiB of q and k
  const large: TokenGrid = { frames: 11, height: 48, width: 85, textTokens: 226 };
  const chosen = chooseCapture({ ...needs, heads: 48, grid: large, passes: 50_000, squareSum: 'auto', sampleRows: 8 });
  assert.match(chosen.plan, /^sampled, plain operators, .*fused kernel would keep .*accumulate .* is free/);
  chosen.capture.dispose();
});

fusedTest(`groups: every layer's units equal a capture of that layer alone (seed ${SEED})`, () => {
  const [heads, layers, steps] = [2, 3, 2];
  const grid: TokenGrid = { frames: 3, height: 7, width: 9, textTokens: 12 };
  const options = { device: 'cuda:0', dtype: 'bfloat16' } as const;
  const passes = passesOf(layers * steps, heads, grid, 'bfloat16', 0);
  const textRows = [1, 4, 5];
  const all = new FusedCapture(heads, grid, passes.length, { ...options, groups: layers, textRows });
  // Layer after layer within a step, as a model runs.
  for (const [i, { q, k, own }] of passes.entries()) all.add(jointOfClip(q, k, own), i % layers);
  const maps = all.finish()[0]!;
  all.dispose();
  assert.deepEqual(maps.textToVideo_HTS.shape, [layers * heads, textRows.length, videoTokens(grid)]);
  for (let layer = 0; layer < layers; layer++) {
    const own = passes.filter((_, i) => i % layers === layer);
    const alone = captured(new FusedCapture(heads, grid, steps, options), own, false);
    const part = (x: Tensor) => x.narrow(0, layer * heads, heads).toArray();
    assert.deepEqual(part(maps.sameLocation_HPFF), alone.sameLocation_HPFF.toArray());
    assert.deepEqual(part(maps.squares_H), alone.squares_H.toArray());
    assert.deepEqual(part(maps.total_H), alone.total_H.toArray());
    const rows = textRows.map((row) => alone.textToVideo_HTS.select(1, row));
    assert.deepEqual(part(maps.textToVideo_HTS), stack(rows, 1).toArray());
  }
});

test('on the CPU auto accumulates and says why', () => {
  const before = liveTensors();
  const grid: TokenGrid = { frames: 2, height: 2, width: 2, textTokens: 3 };
  const { capture, plan } = chooseCapture({
    heads: 2,
    headDim: 64,
    grid,
    passes: 2,
    device: 'cpu',
    dtype: 'bfloat16',
    squareSum: 'auto',
  });
  assert.ok(capture instanceof AttentionCapture);
  assert.match(plan, /^accumulate, plain operators, .*no fused kernel: it runs on CUDA, not on cpu/);
  capture.dispose();
  assert.equal(liveTensors(), before);
});

test('MOTION_ENHANCER_PLAIN asks for plain operators, in the reason too', () => {
  const before = process.env.MOTION_ENHANCER_PLAIN;
  process.env.MOTION_ENHANCER_PLAIN = '1';
  try {
    assert.equal(whyNotFused('cuda:0', 'bfloat16', 64), 'MOTION_ENHANCER_PLAIN=1 asks for plain operators');
  } finally {
    if (before === undefined) delete process.env.MOTION_ENHANCER_PLAIN;
    else process.env.MOTION_ENHANCER_PLAIN = before;
  }
});
