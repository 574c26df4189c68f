import {
  type CompileHalf,
  customAutogradFunction,
  empty,
  type KernelArgument,
  type Tensor,
} from '@motion-enhancer/libtorch';
import type { SplitNormRotary } from './reference-split-norm-rotary.js';
import { SPLIT_NORM_ROTARY_SOURCE } from './split-norm-rotary.cu.js';

const THREADS = 256;
/** Blocks that share the vectors of a backward pass, each with sums of its own. */
const BACKWARD_BLOCKS = 1024;

/** Sizes of heads that there are kernels for. */
export const SPLIT_HEAD_DIMS: readonly number[] = [16, 32, 64];

/** `referenceSplitNormRotary` as one kernel forward and two backward. */
export function splitNormRotary(compile: CompileHalf): SplitNormRotary {
  const make = (name: string) => compile(SPLIT_NORM_ROTARY_SOURCE, name);
  const addUpRows = make('addUpRows');
  const splits = new Map(
    SPLIT_HEAD_DIMS.map((d) => [d, { split: make(`split${d / 8}`), back: make(`splitBackward${d / 8}`) }] as const),
  );
  return (qkvAny, normsAny, positions, eps) => {
    const [qkv, norms] = [qkvAny.contiguous(), normsAny.to('float32').contiguous()];
    const [B, N, , H, d] = qkv.shape as [number, number, number, number, number];
    const { split, back } = splits.get(d)!;
    const one = (): Tensor => empty([B, N, H, d], { dtype: qkv.dtype, device: qkv.device });
    const out = [one(), one(), one()] as const;
    const none: KernelArgument = { i64: 0 };
    const tables = [positions.rotary?.cosFloat ?? none, positions.rotary?.sinFloat ?? none];
    const sizes = [{ i64: B * N * H }, { i32: H }, { i32: N }, { f32: eps }];
    const blocks = Math.ceil((B * N * H * (d / 8)) / THREADS);
    split.launch([blocks, 3], [THREADS], 0, [qkv, norms, ...tables, ...out, ...sizes]);
    const rows = Math.min(blocks, BACKWARD_BLOCKS);
    const sums = empty([rows, 4 * d], { device: qkv.device });
    const gradients = [{ gradOf: 0 }, { gradOf: 1 }, { gradOf: 2 }];
    customAutogradFunction([qkv, norms], out, [
      {
        ...{ kernel: back, grid: [rows, 3], block: [THREADS] },
        args: [...gradients, qkv, norms, ...tables, { gradFor: 0 }, sums, ...sizes],
      },
      {
        ...{ kernel: addUpRows, grid: [Math.ceil((4 * d) / 32)], block: [1024] },
        args: [sums, { gradFor: 1 }, { i32: rows }, { i32: 4 * d }],
      },
    ]);
    return [...out];
  };
}
