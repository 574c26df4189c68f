import type { CompileHalf, KernelArgument, Tensor } from '@motion-enhancer/libtorch';
import { HEAD_NORM_ROTARY_SOURCE } from './head-norm-rotary.cu.js';

const THREADS = 256;

interface Norm {
  weight: Tensor | null;
  bias: Tensor | null;
}

export interface HeadNormRotaryInput {
  q_BNHD: Tensor;
  k_BNHD: Tensor;
  norms: { q: Norm; k: Norm };
  /** complex64 [S, headDim / 2], or null */
  factors: Tensor | null;
  textTokens: number;
  eps: number;
}

/** LayerNorm of every head of q and k, then the rotation of the video tokens; changes both. */
export type HeadNormRotary = (input: HeadNormRotaryInput) => void;

/** As one kernel, without gradients; heads of 64, norms with weights. */
export function headNormRotary(compile: CompileHalf): HeadNormRotary {
  const kernel = compile(HEAD_NORM_ROTARY_SOURCE, 'headNormRotary');
  return ({ q_BNHD: q, k_BNHD: k, norms, factors, textTokens, eps }) => {
    const [batch, tokens, heads] = q.shape as [number, number, number];
    const vectors = batch * tokens * heads;
    const angles: KernelArgument = factors ?? { i64: 0 };
    kernel.launch([Math.ceil((vectors * 8) / THREADS), 2], [THREADS], 0, [
      q,
      k,
      norms.q.weight!,
      norms.q.bias!,
      norms.k.weight!,
      norms.k.bias!,
      angles,
      { i64: vectors },
      { i32: heads },
      { i32: tokens },
      { i32: textTokens },
      { f32: eps },
    ]);
  };
}
