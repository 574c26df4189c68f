import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backward, cuda, liveTensors, manualSeed, noGrad, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { referenceParts } from '../block-parts.js';
import { readCogVideoXConfig } from '../config.js';
import { trainingPositions } from '../training-positions.js';
import { trainingKernels } from './training-kernels.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();
const device = 'cuda:0';

/** Values and gradients of a function of leaves, for the given gradients of its values. */
function evaluate(leaves: readonly Tensor[], body: (leaves: Tensor[]) => Tensor[], directions?: Tensor[]): Tensor[] {
  const own = leaves.map((leaf) => noGrad(() => leaf.clone()).requiresGrad_());
  const values = body(own);
  backward(values, { gradOutputs: directions ?? values.map((v) => noGrad(() => v.mul(0).add(1))) });
  const gradients = own.map((leaf) => leaf.grad!);
  for (const leaf of own) leaf.grad = null;
  return [...values.map((v) => v.detach()), ...gradients];
}

/**
 * Kernels' results lie no further from those of plain operators in float32 than `share` of the largest, which is what
 * rounding to the type once costs; plain operators in the type, which round more often, are the looser bound.
 */
function close(got: readonly Tensor[], exact: readonly Tensor[], share: number, what: string): void {
  assert.equal(got.length, exact.length);
  got.forEach((tensor, i) => {
    assert.deepEqual(tensor.shape, exact[i]!.shape, `${what} ${i}`);
    const [a, b] = [tensor.to('float32'), exact[i]!.to('float32')];
    const apart = a.sub(b).abs().max().item() / Math.max(1e-6, b.abs().max().item());
    assert.ok(apart <= share, `${what} ${i}: ${apart}`);
  });
}

const rotaryConfig = (headDim: number, rotary: boolean) =>
  readCogVideoXConfig(
    {
      ...{ _class_name: 'CogVideoXTransformer3DModel', num_attention_heads: 2, attention_head_dim: headDim },
      ...{ in_channels: 4, out_channels: 4, num_layers: 1, text_embed_dim: 12, time_embed_dim: 20, patch_size: 2 },
      ...{ sample_height: 8, sample_width: 8, sample_frames: 8, max_text_seq_length: 5, patch_size_t: 2 },
      use_rotary_positional_embeddings: rotary,
    },
    'config.json',
  );

for (const dtype of ['bfloat16', 'float16'] as const)
  test(`parts of blocks and their gradients against plain operators: ${dtype} (seed ${SEED})`, { skip }, () => {
    const before = liveTensors();
    manualSeed(SEED);
    const share = 2 * (dtype === 'bfloat16' ? 2 ** -8 : 2 ** -11);
    for (const [B, T, S, D] of [
      [1, 0, 1, 8],
      [2, 3, 64, 40],
      [5, 32, 512, 256],
      [3, 7, 77, 128],
    ] as const)
      scope(() => {
        const N = T + S;
        const half = (...shape: number[]) => randn(shape).to(dtype, device);
        const wide = (x: Tensor) => x.to('float32');
        const kernels = trainingKernels(half(1, 1, D), 32);
        assert.ok(kernels);
        const [x, update, direction] = [half(B, N, D).mul(2).add(1), half(B, N, D), half(B, N, D)];
        const [by, plus] = [randn([B, 2, D], { device }), randn([B, 2, D], { device })];
        const both = (
          leaves: Tensor[],
          body: (parts: typeof referenceParts, leaves: Tensor[]) => Tensor,
          what: string,
        ) => {
          const got = evaluate(leaves, (own) => [body(kernels, own)], [direction]);
          close(
            got,
            evaluate(leaves.map(wide), (own) => [body(referenceParts, own)], [wide(direction)]),
            share,
            what,
          );
          assert.equal(got[0]!.dtype, dtype);
          const again = evaluate(leaves, (own) => [body(kernels, own)], [direction]);
          close(again, got, 0, `${what}, once more`);
        };
        both([x, by, plus], (parts, [a, b, c]) => parts.modulatedNorm(a!, b!, c!, T, 1e-5), `norm ${[B, T, S, D]}`);
        both([x, update, by], (parts, [a, b, c]) => parts.gatedResidual(a!, b!, c!, T), `gate ${[B, T, S, D]}`);
        const none = noGrad(() => kernels.gatedResidual(x, update, by, T));
        assert.equal(none.requiresGrad, false);
      });
    assert.equal(liveTensors(), before);
  });

for (const headDim of [16, 32, 64])
  for (const rotary of [true, false])
    test(`queries, keys and values of heads of ${headDim}, ${rotary ? 'rotated' : 'not rotated'}: kernels against plain operators (seed ${SEED})`, {
      skip,
    }, () => {
      const before = liveTensors();
      manualSeed(SEED);
      for (const [B, T, H] of [
        [1, 1, 1],
        [3, 5, 2],
        [40, 5, 3],
      ] as const)
        scope(() => {
          const latents = randn([1, 8, 4, 8, 8]);
          const N = T + 64;
          const config = rotaryConfig(headDim, rotary);
          const exact = trainingPositions(config, latents.to(device), T);
          const positions = trainingPositions(config, latents.to('bfloat16', device), T);
          const half = (...shape: number[]) => randn(shape).to('bfloat16', device);
          const qkv = half(B, N, 3, H, headDim).mul(2).add(0.5);
          const norms = randn([2, 2, headDim], { device });
          const directions = [0, 1, 2].map(() => half(B, N, H, headDim));
          const got = evaluate(
            [qkv, norms],
            ([a, b]) => trainingKernels(half(1, 1, 64), headDim)!.queriesKeysValues(a!, b!, positions, 1e-6),
            directions,
          );
          const wanted = evaluate(
            [qkv.to('float32'), norms],
            ([a, b]) => referenceParts.queriesKeysValues(a!, b!, exact, 1e-6),
            directions.map((d) => d.to('float32')),
          );
          close(got, wanted, 2 ** -7, `${[B, T, H]}`);
          // What is not normed is not changed.
          close([got[2]!], [qkv.select(2, 2)], 0, 'values');
        });
      assert.equal(liveTensors(), before);
    });

test('plain operators serve off CUDA, at full precision, in wide models and for other head sizes', () => {
  const before = liveTensors();
  scope(() => {
    assert.equal(trainingKernels(randn([1, 1, 64]).to('bfloat16'), 32), null);
    assert.equal(trainingKernels(randn([1, 1, 64]), 32), null);
    for (const [width, headDim] of [
      [264, 32],
      [256, 24],
      [12, 16],
    ] as const)
      assert.equal(trainingKernels({ ...{ device, dtype: 'bfloat16' }, size: () => width } as never, headDim), null);
  });
  assert.equal(liveTensors(), before);
});
