import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backward,
  cuda,
  liveTensors,
  manualSeed,
  noGrad,
  pad,
  randn,
  scope,
  stack,
  type Tensor,
  tensor,
  withPlainOperators,
} from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { visionLayout } from '../qwen2-5-vl/vision-layout.js';
import { visionBlock, visionRotary } from '../qwen2-5-vl/vision-tower.js';
import { attentionRows } from '../vlm-common/language/attention-rows.js';
import { rotaryTables, rotateHeads } from '../vlm-common/language/rotary.js';
import { swiglu } from './swiglu/swiglu.js';
import { swigluKernels } from './swiglu/swiglu-kernels.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();
const device = 'cuda:0';

/** Value and gradients of a function of some leaves, for the same random gradient of its value. */
function evaluate(leaves: readonly Tensor[], direction: Tensor, body: (leaves: Tensor[]) => Tensor): Tensor[] {
  const own = leaves.map((leaf) => noGrad(() => leaf.clone()).requiresGrad_());
  const value = body(own);
  backward([value], { gradOutputs: [direction.view(...value.shape)] });
  const grads = own.map((leaf) => leaf.grad!);
  for (const leaf of own) leaf.grad = null;
  return [value.detach(), ...grads];
}

/** Both ways agree: bit by bit, or to a share of the largest value. */
function agree(got: readonly Tensor[], wanted: readonly Tensor[], share: number, what: string): void {
  got.forEach((tensor, i) => {
    const [a, b] = [tensor.to('float32'), wanted[i]!.to('float32')];
    assert.deepEqual(tensor.shape, wanted[i]!.shape, `${what} ${i}`);
    const apart = a.sub(b).abs().max().item() / Math.max(1e-9, b.abs().max().item());
    assert.ok(apart <= share, `${what} ${i}: ${apart}`);
  });
}

for (const dtype of ['bfloat16', 'float16'] as const)
  test(`kernels and their gradients against plain operators: ${dtype} (seed ${SEED})`, { skip }, () => {
    const before = liveTensors();
    manualSeed(SEED);
    const ulp = dtype === 'bfloat16' ? 2 ** -8 : 2 ** -11;
    scope(() => {
      const make = (...shape: number[]) => randn(shape).to(dtype, device);
      assert.ok(swigluKernels(make(1)));
      for (const [rows, width] of [
        [1, 8],
        [37, 24],
        [300, 688],
      ] as const) {
        const leaves = [make(rows, width), make(rows, width)];
        const direction = make(rows, width);
        const both = () => evaluate(leaves, direction, ([g, u]) => swiglu(g!, u!));
        agree(both(), withPlainOperators(both), ulp, 'gate');
        const none = noGrad(() => swiglu(leaves[0]!.clone(), leaves[1]!));
        assert.equal(none.requiresGrad, false);
        agree([none], [both()[0]!], 0, 'without a graph');
      }
      for (const [N, H, D] of [
        [1, 1, 16],
        [37, 2, 128],
        [129, 5, 80],
      ] as const) {
        const positions = randn([1, N]).mul(1000).round().to('int64', device);
        const tables = rotaryTables(positions, { headDim: D, theta: 1e6, section: null, dtype });
        const direction = make(N * H * D);
        const x0 = make(1, N, H, D);
        const rotated = () => evaluate([x0], direction, ([x]) => rotateHeads(x!, tables));
        agree(rotated(), withPlainOperators(rotated), 0, 'rotation');
      }
    });
    assert.equal(liveTensors(), before);
  });

test('a block of the tower with its gradients against plain operators', { skip }, () => {
  const before = liveTensors();
  manualSeed(SEED);
  scope(() => {
    const dtype = 'bfloat16';
    const [heads, C, I] = [3, 240, 330];
    const w = (...shape: number[]) => randn(shape).mul(0.1).to(dtype, device);
    const layout = visionLayout(
      [[2, 10, 14]],
      { patchSize: 14, spatialMergeSize: 2, windowSize: 112 } as never,
      device,
    );
    const rotary = visionRotary(layout.positions, { hiddenSize: C, numHeads: heads, ropeTheta: 1e4 } as never);
    const P = 280;
    const leaves = [w(P, C).mul(10), w(3 * C, C), w(3 * C), w(C, C), w(C), w(I, C), w(I), w(I, C), w(I), w(C, I), w(C)];
    const direction = w(P, C);
    for (const full of [false, true]) {
      const run = () =>
        evaluate(leaves, direction, ([h, qkv, qkvB, proj, projB, gate, gateB, up, upB, down, downB]) =>
          visionBlock(
            h!,
            {
              norm1: w(C).mul(0).add(1),
              norm2: w(C).mul(0).add(1),
              attn: { qkv: { weight: qkv!, bias: qkvB! }, proj: { weight: proj!, bias: projB! } },
              mlp: {
                gate_proj: { weight: gate!, bias: gateB! },
                up_proj: { weight: up!, bias: upB! },
                down_proj: { weight: down!, bias: downB! },
              },
            },
            { layout, rotary, numHeads: heads, full },
          ),
        );
      agree(run(), withPlainOperators(run), 0.03, full ? 'whole frames' : 'windows');
    }
  });
  assert.equal(liveTensors(), before);
});

for (const [dtype, D] of [
  ['bfloat16', 128],
  ['float16', 64],
] as const)
  test(`attention rows and their gradients against plain operators: ${dtype}, heads of ${D} (seed ${SEED})`, {
    skip,
  }, () => {
    const before = liveTensors();
    manualSeed(SEED);
    scope(() => {
      for (const [H, G, N, places] of [
        [1, 1, 1, [0]],
        [6, 2, 77, [3, 70, 76, 10]],
        [16, 2, 1300, [1299, 0, 5, 800, 801, 802, 1100, 1200, 17]],
      ] as const) {
        const make = (heads: number) => randn([1, N, heads, D]).to(dtype, device);
        const leaves = [make(H), make(G)];
        const direction = randn([places.length, N]).to('float32', device);
        const index = tensor([...places], { dtype: 'int64', device });
        const run = () =>
          evaluate(leaves, direction, ([q, k]) => attentionRows(q!.transpose(1, 2), k!.transpose(1, 2), index));
        const got = run();
        agree(run(), got, 0, 'the same bits again');
        // The truth: the same in float64.
        const wide = leaves.map((leaf) => noGrad(() => leaf.to('float64')));
        const wanted = evaluate(wide, direction.to('float64'), ([q, k]) => exactRows(q!, k!, places));
        // Products are rounded to the type, as by the plain operators.
        agree(got, wanted, dtype === 'bfloat16' ? 0.04 : 6e-3, `rows ${[H, G, N]}`);
        agree(
          got,
          withPlainOperators(run),
          dtype === 'bfloat16' ? 0.02 : 3e-3,
          `rows and plain operators ${[H, G, N]}`,
        );
        for (const sum of got[0]!.sum(1).toArray()) assert.ok(Math.abs(sum - 1) < 1e-5, `${sum}`);
      }
    });
    assert.equal(liveTensors(), before);
  });

/** Rows of the causal map, mean over heads, row by row. */
function exactRows(q_1NHD: Tensor, k_1NGD: Tensor, places: readonly number[]): Tensor {
  const [, N, H, D] = q_1NHD.shape as [number, number, number, number];
  const q = q_1NHD.select(0, 0).transpose(0, 1); // [H, N, D]
  const k = k_1NGD
    .select(0, 0)
    .transpose(0, 1)
    .repeatInterleave(H / k_1NGD.size(2), 0);
  const scores = q.matmul(k.transpose(1, 2)).mul(D ** -0.5); // [H, N, N]
  const rows = places.map((place) => {
    const seen = scores.select(1, place).narrow(1, 0, place + 1);
    return pad(seen.softmax(-1).mean(0), [0, N - place - 1]);
  });
  return stack(rows);
}
