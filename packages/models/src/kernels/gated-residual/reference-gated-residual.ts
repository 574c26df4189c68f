import type { Tensor } from '@motion-enhancer/libtorch';
import { byKind } from '../modulated-norm/by-kind.js';
import { scaled } from '../modulated-norm/scaled.js';

/** before + gate · update, [B, N, width]; gate [B, 2, width] of any type, the video's first; text tokens stand first. */
export type GatedResidual = (before_BND: Tensor, update_BND: Tensor, gate_B2D: Tensor, textTokens: number) => Tensor;

/** By plain operators: what the kernels are held against. */
export const referenceGatedResidual: GatedResidual = (before, update, gate, textTokens) =>
  byKind(before, textTokens, (part, kind) => scaled(part(update), kind(gate), part(before)));
