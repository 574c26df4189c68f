import { customAutogradFunction, empty, halfKernels, type Tensor } from '@motion-enhancer/libtorch';
import { SPLIT_ROTARY_SOURCE } from './split-rotary.cu.js';

const THREADS = 256;

/** Queries, keys and values of one product, the first two rotated, as one kernel; differentiable. */
export interface SplitRotaryKernels {
  /** [P, 3 · H · D] → [P, H, D] each, rotated in float; tables float32 [P, 1, D] */
  split(qkv: Tensor, heads: number, cos: Tensor, sin: Tensor): [q: Tensor, k: Tensor, v: Tensor];
}

/** null where plain operators must serve: see `halfKernels`. The reference implementation is `referenceSplitRotary`. */
export const splitRotaryKernels = halfKernels<SplitRotaryKernels>('fused kernels', (compile) => {
  const [split, join] = [compile(SPLIT_ROTARY_SOURCE, 'splitRotary'), compile(SPLIT_ROTARY_SOURCE, 'joinRotary')];
  return {
    split(qkvAny, heads, cosAny, sinAny) {
      const [qkv, cos, sin] = [qkvAny.contiguous(), cosAny.contiguous(), sinAny.contiguous()];
      const [P, width] = qkv.shape as [number, number];
      const D = width / 3 / heads;
      const make = () => empty([P, heads, D], { dtype: qkv.dtype, device: qkv.device });
      const out: [Tensor, Tensor, Tensor] = [make(), make(), make()];
      const sizes = [{ i64: P }, { i32: heads }, { i32: D }];
      const [grid, block] = [[Math.ceil((P * 3 * heads * (D / 16)) / THREADS)], [THREADS]];
      split.launch(grid, block, 0, [qkv, ...out, cos, sin, ...sizes]);
      const args = [{ gradFor: 0 }, { gradOf: 0 }, { gradOf: 1 }, { gradOf: 2 }, cos, sin, ...sizes];
      customAutogradFunction([qkv], out, [{ kernel: join, grid, block, args }]);
      return out;
    },
  };
});
