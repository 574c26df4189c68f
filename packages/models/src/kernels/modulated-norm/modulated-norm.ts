import { type CompileHalf, emptyLike, type Tensor } from '@motion-enhancer/libtorch';
import { MODULATED_NORM_SOURCE } from './modulated-norm.cu.js';

/**
 * (1 + scale) · LN(x) + shift, [B, N, width]
 * @param modulation_B6 [1 or B, 6 · width]: shift, scale, gate of the video, then of the text, which comes first
 */
export type ModulatedNormInference = (
  x_BND: Tensor,
  norm: { weight: Tensor | null; bias: Tensor | null },
  modulation_B6: Tensor,
  textTokens: number,
  eps: number,
) => Tensor;

/** As one kernel, without gradients; width a multiple of 8, 8192 at most, a norm with weights. */
export function modulatedNorm(compile: CompileHalf): ModulatedNormInference {
  const kernel = compile(MODULATED_NORM_SOURCE, 'modulatedNorm');
  return (x_BND, { weight, bias }, modulation_B6, textTokens, eps) => {
    const x = x_BND.contiguous();
    const [batch, tokens, width] = x.shape as [number, number, number];
    const out = emptyLike(x);
    const m = modulation_B6.contiguous();
    kernel.launch([batch * tokens], [32 * Math.ceil(width / 256)], 0, [
      x,
      weight!,
      bias!,
      m,
      out,
      { i32: width },
      { i32: tokens },
      { i32: textTokens },
      { i64: m.size(0) > 1 ? 6 * width : 0 },
      { f32: eps },
    ]);
    return out;
  };
}
