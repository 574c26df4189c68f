import { empty, halfKernels, kernelFunction, type Tensor } from '@motion-enhancer/libtorch';
import { TRAINING_SOURCE } from './training.cu.js';

const THREADS = 256;

/** Element-wise parts of blocks as one kernel each, with gradients, in place of the operators that they are held against. */
export interface TrainingKernels {
  /** silu(gate) · up, of one shape */
  gated(gate: Tensor, up: Tensor): Tensor;
  /** `applyRotary` of the heads of x [B, N, H, D]; tables [B, 1, N, D] of x's type */
  turnHeads(x_BNHD: Tensor, cos: Tensor, sin: Tensor): Tensor;
  /** Queries, keys and values [P, H, D] of [P, 3 · H · D], the first two turned in float; tables float32 [P, 1, D] */
  splitTurned(qkv: Tensor, heads: number, cos: Tensor, sin: Tensor): [q: Tensor, k: Tensor, v: Tensor];
}

const blocks = (pieces: number) => [Math.ceil(pieces / THREADS)];
const like = ({ dtype, device }: Tensor, shape: readonly number[]) => empty(shape, { dtype, device });

/** null where plain operators must serve: see `halfKernels`. */
export const trainingKernels = halfKernels<TrainingKernels>('fused kernels', (compile) => {
  const make = (name: string) => compile(TRAINING_SOURCE, name);
  const [gateForward, gateBackward] = [make('gateForward'), make('gateBackward')];
  const [turn, apart, together] = [make('turnHeads'), make('qkvApart'), make('qkvTogether')];
  return {
    gated(gateAny, upAny) {
      const [gate, up] = [gateAny.contiguous(), upAny.contiguous()];
      const out = like(gate, gate.shape);
      const [grid, block, count] = [blocks(gate.numel / 8), [THREADS], { i64: gate.numel }];
      gateForward.launch(grid, block, 0, [gate, up, out, count]);
      const args = [{ gradOf: 0 }, gate, up, { gradFor: 0 }, { gradFor: 1 }, count];
      kernelFunction([gate, up], [out], [{ kernel: gateBackward, grid, block, args }]);
      return out;
    },
    turnHeads(xAny, cosAny, sinAny) {
      const [x, cos, sin] = [xAny.contiguous(), cosAny.contiguous(), sinAny.contiguous()];
      const [B, N, H, D] = x.shape as [number, number, number, number];
      const out = like(x, x.shape);
      const sizes = [{ i64: B * N * H }, { i32: H }, { i32: D }];
      const [grid, block] = [blocks(B * N * H * (D / 16)), [THREADS]];
      turn.launch(grid, block, 0, [x, cos, sin, out, ...sizes, { f32: 1 }]);
      const args = [{ gradOf: 0 }, cos, sin, { gradFor: 0 }, ...sizes, { f32: -1 }];
      kernelFunction([x], [out], [{ kernel: turn, grid, block, args }]);
      return out;
    },
    splitTurned(qkvAny, heads, cosAny, sinAny) {
      const [qkv, cos, sin] = [qkvAny.contiguous(), cosAny.contiguous(), sinAny.contiguous()];
      const [P, width] = qkv.shape as [number, number];
      const D = width / 3 / heads;
      const make = () => like(qkv, [P, heads, D]);
      const out: [Tensor, Tensor, Tensor] = [make(), make(), make()];
      const sizes = [{ i64: P }, { i32: heads }, { i32: D }];
      const [grid, block] = [blocks(P * 3 * heads * (D / 16)), [THREADS]];
      apart.launch(grid, block, 0, [qkv, ...out, cos, sin, ...sizes]);
      const args = [{ gradFor: 0 }, { gradOf: 0 }, { gradOf: 1 }, { gradOf: 2 }, cos, sin, ...sizes];
      kernelFunction([qkv], out, [{ kernel: together, grid, block, args }]);
      return out;
    },
  };
});

/** Heads that the kernels can turn: their halves are whole pieces of 16 bytes. */
export const turnable = (width: number): boolean => width % 16 === 0;
