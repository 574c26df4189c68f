import { empty, halfKernels, type KernelArgument, kernelFunction, type Tensor } from '@motion-enhancer/libtorch';
import type { BlockParts } from '../block-parts.js';
import { TRAINING_KERNELS_SOURCE } from './training-kernels.cu.js';

const THREADS = 256;
/** Tokens of 256 threads, a warp each. */
const TOKENS = 8;
/** A warp holds a token. */
const WIDEST = 256;
const HEAD_DIMS = [16, 32, 64];
/** Blocks that share the vectors of a backward pass, each with sums of its own. */
const BACK_BLOCKS = 1024;

const like = ({ dtype, device }: Tensor, shape: readonly number[]) => empty(shape, { dtype, device });

const chosen = halfKernels<BlockParts>('fused kernels', (compile) => {
  const make = (name: string) => compile(TRAINING_KERNELS_SOURCE, name);
  const [modulate, modulateBack] = [make('modulate'), make('modulateBack')];
  const [addGated, addGatedBack, addUpRows] = [make('addGated'), make('addGatedBack'), make('addUpRows')];
  const splits = new Map(
    HEAD_DIMS.map((d) => [d, { split: make(`split${d / 8}`), back: make(`splitBack${d / 8}`) }] as const),
  );
  return {
    modulated(xAny, byAny, plusAny, textTokens, eps) {
      const [x, by, plus] = [xAny.contiguous(), float(byAny), float(plusAny)];
      const [B, N, D] = x.shape as [number, number, number];
      const out = like(x, x.shape);
      const sizes = [{ i32: D }, { i32: N }, { i32: textTokens }, { f32: eps }];
      modulate.launch([Math.ceil((B * N) / TOKENS)], [THREADS], 0, [x, by, plus, out, { i64: B * N }, ...sizes]);
      const args = [{ gradOf: 0 }, x, by, { gradFor: 0 }, { gradFor: 1 }, { gradFor: 2 }, ...sizes];
      kernelFunction([x, by, plus], [out], [{ kernel: modulateBack, grid: [B, 2], block: [1024], args }]);
      return out;
    },
    gated(beforeAny, updateAny, gateAny, textTokens) {
      const [before, update, gate] = [beforeAny.contiguous(), updateAny.contiguous(), float(gateAny)];
      const [B, N, D] = before.shape as [number, number, number];
      const out = like(before, before.shape);
      const sizes = [{ i32: D }, { i32: N }, { i32: textTokens }];
      const rows = { i64: B * N };
      addGated.launch([Math.ceil((B * N) / TOKENS)], [THREADS], 0, [before, update, gate, out, rows, ...sizes]);
      const args = [{ gradOf: 0 }, update, gate, { gradFor: 0 }, { gradFor: 1 }, { gradFor: 2 }, ...sizes];
      kernelFunction([before, update, gate], [out], [{ kernel: addGatedBack, grid: [B, 2], block: [1024], args }]);
      return out;
    },
    queriesKeysValues(qkvAny, normsAny, positions, eps) {
      const [qkv, norms] = [qkvAny.contiguous(), float(normsAny)];
      const [B, N, , H, d] = qkv.shape as [number, number, number, number, number];
      const { split, back } = splits.get(d)!;
      const out = [like(qkv, [B, N, H, d]), like(qkv, [B, N, H, d]), like(qkv, [B, N, H, d])] as const;
      const none: KernelArgument = { i64: 0 };
      const tables = [positions.rotary?.cosFloat ?? none, positions.rotary?.sinFloat ?? none];
      const sizes = [{ i64: B * N * H }, { i32: H }, { i32: N }, { f32: eps }];
      const blocks = Math.ceil((B * N * H * (d / 8)) / THREADS);
      split.launch([blocks, 3], [THREADS], 0, [qkv, norms, ...tables, ...out, ...sizes]);
      const rows = Math.min(blocks, BACK_BLOCKS);
      const sums = empty([rows, 4 * d], { device: qkv.device });
      const gradients = [{ gradOf: 0 }, { gradOf: 1 }, { gradOf: 2 }];
      kernelFunction([qkv, norms], out, [
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
    },
  };
});

const float = (x: Tensor): Tensor => x.to('float32').contiguous();

/** Kernels for a device, type and size; null where plain operators must serve: see `halfKernels`, and larger models. */
export function trainingKernels(x: Tensor, headDim: number): BlockParts | null {
  const width = x.size(-1);
  return width % 8 === 0 && width <= WIDEST && HEAD_DIMS.includes(headDim) ? chosen(x) : null;
}
