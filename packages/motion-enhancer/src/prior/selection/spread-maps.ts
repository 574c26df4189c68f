import { aten, cat, scope, type Tensor, zeros, zerosLike } from '@motion-enhancer/libtorch';
import { attentionWithLse } from '@motion-enhancer/models';
import type { SpreadPass } from '../capture/spread-capture.js';

export interface SpreadOptions {
  passes: readonly SpreadPass[];
  /** Which of the clips that the passes hold. */
  clip: number;
  times: number;
}

/**
 * Maps carried through the video → video attention, m ← A m: what attends to where a map is high becomes high too. A is
 * the mean over heads, layers and passes; where text takes a part of the attention, it is not normalised again. Fused
 * attention with maps as values is that product, so that no S × S map is made.
 * @param rows_WS [maps, S] @returns the same shape, in the maps' dtype
 */
export function spreadMaps(rows_WS: Tensor, { passes, clip, times }: SpreadOptions): Tensor {
  if (passes.length === 0) throw new Error('No attention was captured to spread maps.');
  return scope(() => {
    let rows = rows_WS;
    for (let i = 0; i < times; i++) rows = scope(() => once(rows, passes, clip));
    return rows;
  });
}

function once(rows_WS: Tensor, passes: readonly SpreadPass[], clip: number): Tensor {
  // Halves have few digits: maps go in divided by their largest entry.
  const scale = rows_WS.amax([1], true).clamp(1e-30);
  const scaled = rows_WS.div(scale);
  const sum = zerosLike(rows_WS);
  for (const pass of passes) scope(() => sum.add_(through(pass, clip, scaled)));
  return sum.div(passes.length).mul(scale);
}

/** Mean over heads of A m of one pass: [maps, S] */
function through({ q, k, share }: SpreadPass, clip: number, rows_WS: Tensor): Tensor {
  const [maps, S] = rows_WS.shape as [number, number];
  const d = q.size(3);
  const of = (x: Tensor) => x.narrow(0, clip, 1);
  const parts: Tensor[] = [];
  // Fused attention wants values as wide as keys: so many maps at a time.
  for (let at = 0; at < maps; at += d) {
    const width = Math.min(d, maps - at);
    const { out } = attentionWithLse(of(q), of(k), valuesOf(k, rows_WS.narrow(0, at, width)));
    const seen = share ? out.mul(of(share).unsqueeze(-1).to(out.dtype)) : out;
    // [1, heads, S, d] → [width, S]
    parts.push(seen.to(rows_WS.dtype).mean([0, 1]).narrow(1, 0, width).transpose(0, 1));
  }
  if (parts.some((part) => part.size(1) !== S)) throw new Error(`Expected maps of ${q.size(2)} places.`);
  return cat(parts, 0);
}

/** Maps as values of the video's keys, [1, heads, N, d]; those of text, and what the width leaves, are 0. */
function valuesOf(k: Tensor, rows_WS: Tensor): Tensor {
  const [, heads, N, d] = k.shape as [number, number, number, number];
  const [width, S] = rows_WS.shape as [number, number];
  const values = zeros([1, heads, N, d], { dtype: k.dtype, device: k.device });
  const place = values.narrow(2, N - S, S).narrow(3, 0, width);
  aten.copy_!(place, rows_WS.transpose(0, 1).expand(1, heads, S, width));
  return values;
}
