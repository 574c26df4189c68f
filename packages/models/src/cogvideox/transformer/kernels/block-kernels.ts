import { emptyLike, halfKernels, type KernelArgument, type Tensor } from '@motion-enhancer/libtorch';
import type { Norm } from '../weights.js';
import { BLOCK_KERNELS_SOURCE } from './block-kernels.cu.js';

const HEAD_DIM = 64;
const THREADS = 256;

/** The element-wise parts of a block as one kernel each, in place of the operators that they are held against. */
export interface BlockKernels {
  /**
   * (1 + scale) · LN(x) + shift, [B, N, width]
   * @param modulation_B6 [1 or B, 6 · width]: shift, scale, gate of the video, then of the text, which comes first
   */
  modulatedNorm(x_BND: Tensor, norm: Norm, modulation_B6: Tensor, textTokens: number, eps: number): Tensor;
  /**
   * LayerNorm of every head of q and k, then the rotation of the video tokens; changes both.
   * @param factors complex64 [S, headDim / 2], or null
   */
  headNormRope_(
    q_BNHD: Tensor,
    k_BNHD: Tensor,
    norms: { q: Norm; k: Norm },
    factors: Tensor | null,
    textTokens: number,
    eps: number,
  ): void;
}

const chosen = halfKernels<BlockKernels>(
  'fused kernels',
  (compile) => {
    const norm = compile(BLOCK_KERNELS_SOURCE, 'modulatedNorm');
    const rope = compile(BLOCK_KERNELS_SOURCE, 'headNormRope');
    return {
      modulatedNorm(x_BND, { weight, bias }, modulation_B6, textTokens, eps) {
        const x = x_BND.contiguous();
        const [batch, tokens, width] = x.shape as [number, number, number];
        const out = emptyLike(x);
        const m = modulation_B6.contiguous();
        norm.launch([batch * tokens], [32 * Math.ceil(width / 256)], 0, [
          ...[x, weight!, bias!, m, out],
          { i32: width },
          { i32: tokens },
          { i32: textTokens },
          { i64: m.size(0) > 1 ? 6 * width : 0 },
          { f32: eps },
        ]);
        return out;
      },
      headNormRope_(q, k, norms, factors, textTokens, eps) {
        const [batch, tokens, heads] = q.shape as [number, number, number];
        const vectors = batch * tokens * heads;
        const turn: KernelArgument = factors ?? { i64: 0 };
        rope.launch([Math.ceil((vectors * 8) / THREADS), 2], [THREADS], 0, [
          ...[q, k, norms.q.weight!, norms.q.bias!, norms.k.weight!, norms.k.bias!, turn],
          { i64: vectors },
          { i32: heads },
          { i32: tokens },
          { i32: textTokens },
          { f32: eps },
        ]);
      },
    };
  },
  // Of these, float16's have nothing that older GPUs have not.
  { oldest: 0 },
);

/**
 * Kernels for a device, type and size; null where plain operators must serve: see `halfKernels`, and sizes that do not fit or
 * norms without weights.
 */
export function blockKernels(x: Tensor, headDim: number, width: number, affine: boolean): BlockKernels | null {
  return headDim === HEAD_DIM && width % 8 === 0 && width <= 8192 && affine ? chosen(x) : null;
}
