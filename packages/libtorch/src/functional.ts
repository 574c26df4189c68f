import { B } from './bound.js';
import { Tensor } from './tensor.js';

const w = (slot: number): Tensor => new Tensor(slot);
const s = (t: Tensor | null | undefined): number | null => t?.slot ?? null;

export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  return w(
    B.cat(
      tensors.map((t) => t.slot),
      dim,
    ),
  );
}
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  return w(
    B.stack(
      tensors.map((t) => t.slot),
      dim,
    ),
  );
}
export function where(condition: Tensor, yes: Tensor, no: Tensor): Tensor {
  return w(B.where(condition.slot, yes.slot, no.slot));
}
/** x Wᵀ + b; weight [out, in] */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  return w(B.linear(x.slot, weight.slot, s(bias)));
}
/** Rows of `weight` [rows, width] chosen by int64 `ids`. */
export function embedding(ids: Tensor, weight: Tensor): Tensor {
  return w(B.embedding(weight.slot, ids.slot));
}
export function layerNorm(
  x: Tensor,
  shape: readonly number[],
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  return w(B.layerNorm(x.slot, shape, s(weight), s(bias), eps));
}
export function groupNorm(
  x: Tensor,
  groups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  return w(B.groupNorm(x.slot, groups, s(weight), s(bias), eps));
}
export interface ConvOptions {
  stride?: number | readonly number[];
  padding?: number | readonly number[];
  dilation?: number | readonly number[];
  groups?: number;
}
/** x [N, C, H, W], weight [O, C / groups, kH, kW] */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, o: ConvOptions = {}): Tensor {
  return w(B.conv2d(x.slot, weight.slot, s(bias), o.stride, o.padding, o.dilation, o.groups));
}
/** x [N, C, T, H, W], weight [O, C / groups, kT, kH, kW] */
export function conv3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, o: ConvOptions = {}): Tensor {
  return w(B.conv3d(x.slot, weight.slot, s(bias), o.stride, o.padding, o.dilation, o.groups));
}
/** Pads from the last dimension backwards: [left, right, top, bottom, …]. */
export function pad(
  x: Tensor,
  sizes: readonly number[],
  mode: 'constant' | 'replicate' | 'reflect' = 'constant',
  value: number | null = null,
): Tensor {
  return w(B.pad(x.slot, sizes, mode, value));
}
export interface AttentionOptions {
  mask?: Tensor | null;
  causal?: boolean;
  /** Default 1/√d. */
  scale?: number;
  /** Fewer key-value heads than query heads. */
  grouped?: boolean;
}
/** softmax(q kᵀ · scale + mask) v with the fastest kernel there is. q_BHND, k_BHMD, v_BHMD → [B, H, N, D] */
export function attention(q: Tensor, k: Tensor, v: Tensor, o: AttentionOptions = {}): Tensor {
  return w(B.sdpa(q.slot, k.slot, v.slot, s(o.mask), 0, o.causal ?? false, o.scale, o.grouped ?? false));
}
/** Mean cross entropy of logits [N, classes] against int64 targets [N]; targets equal to `ignoreIndex` do not count. */
export function crossEntropy(logits: Tensor, targets: Tensor, ignoreIndex = -100): Tensor {
  return w(B.crossEntropy(logits.slot, targets.slot, null, 1, ignoreIndex));
}
