import { arange, aten, cat, type DType, isGradEnabled, type Tensor } from '@motion-enhancer/libtorch';
import { referenceRotary } from '../../kernels/rotary/reference-rotary.js';
import { fitsRotary, fitsRotaryWidth, rotaryKernels } from '../../kernels/rotary/rotary-kernels.js';

/** cos and sin of the rotation angles; the last dimension is the rotated width, both halves alike. */
export interface RotaryTables {
  cos: Tensor;
  sin: Tensor;
}

/** θ^(−2i/dim) for i = 0 … dim/2 − 1, in float32 as the reference computes it. */
export function inverseFrequencies(dim: number, theta: number, device: string): Tensor {
  const exponents = arange(0, dim, 2, { dtype: 'float32', device }).div(dim);
  return aten['pow.Scalar'](theta, exponents).reciprocal(); // [dim / 2]
}

/**
 * Rotary tables of a decoder. The angles are float32 whatever the activations are: bfloat16 cannot count beyond 256.
 * With three rows of positions (time, height, width) the half dimensions are divided by `section`
 * (multimodal rotary embedding, Qwen2-VL §2.1); chunk i follows row i mod 3.
 * Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v5.18.0 (Qwen2_5_VLRotaryEmbedding).
 * @param positions [3, B, N] with `section`, else [B, N]
 * @returns tables [B, 1, N, headDim] of `dtype`
 */
export function rotaryTables(
  positions: Tensor,
  o: { headDim: number; theta: number; section: readonly number[] | null; dtype: DType },
): RotaryTables {
  const frequencies = inverseFrequencies(o.headDim, o.theta, positions.device);
  let angles = positions.to('float32').unsqueeze(-1).mul(frequencies); // [(3,) B, N, headDim / 2]
  if (o.section) angles = dealOut(angles, o.section);
  const both = cat([angles, angles], -1).unsqueeze(1);
  return { cos: both.cos().to(o.dtype), sin: both.sin().to(o.dtype) };
}

function dealOut(angles_3BNF: Tensor, section: readonly number[]): Tensor {
  const chunks = angles_3BNF.split(section, -1).map((chunk, i) => chunk.select(0, i % 3));
  return cat(chunks, -1);
}

/** Rotates pairs (i, i + D/2) of the last dimension by the tables' angles. */
export function applyRotary(x: Tensor, { cos, sin }: RotaryTables): Tensor {
  const fused = isGradEnabled() ? null : rotaryKernels(x);
  if (fused && cos.dtype === x.dtype && fitsRotary(x, cos)) return fused.rotate(x, cos, sin);
  return referenceRotary(x, cos, sin);
}

/** The same in float32, whatever x's type is: it is rounded once, at the end. Tables are float32. */
export function applyRotaryInFloat(x: Tensor, tables: RotaryTables): Tensor {
  const { cos, sin } = tables;
  const fused = isGradEnabled() ? null : rotaryKernels(x);
  if (fused && fitsRotary(x, cos)) return fused.rotate(x, cos, sin);
  return applyRotary(x.to('float32'), tables).to(x.dtype);
}

/** The same of heads within tokens, [B, N, H, D] → [B, H, N, D], as one kernel where there is one; differentiable. */
export function rotateHeads(x_BNHD: Tensor, tables: RotaryTables): Tensor {
  const { cos, sin } = tables;
  const [B, N, , D] = x_BNHD.shape as [number, number, number, number];
  const fits = fitsRotaryWidth(D) && cos.numel === B * N * D && cos.dtype === x_BNHD.dtype;
  const kernels = fits ? rotaryKernels(x_BNHD) : null;
  return kernels ? kernels.rotateHeads(x_BNHD, cos, sin).transpose(1, 2) : applyRotary(x_BNHD.transpose(1, 2), tables);
}
