import { layerNorm, type Tensor } from '@motion-enhancer/libtorch';
import { byKind } from './by-kind.js';
import { scaled } from './scaled.js';

/** LN(x) · by + plus, [B, N, width]; modulations [B, 2, width] of any type, the video's first; text tokens stand first. */
export type ModulatedNorm = (
  x_BND: Tensor,
  by_B2D: Tensor,
  plus_B2D: Tensor,
  textTokens: number,
  eps: number,
) => Tensor;

/** By plain operators: what the kernels are held against. */
export const referenceModulatedNorm: ModulatedNorm = (x, by, plus, textTokens, eps) => {
  const normed = layerNorm(x, [x.size(-1)], null, null, eps);
  return byKind(x, textTokens, (part, kind) => scaled(part(normed), kind(by), kind(plus)));
};
