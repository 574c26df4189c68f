import type { Tensor } from '@motion-enhancer/libtorch';
import type { SamplingOptions } from '../sampling.js';

/**
 * Draws a token for each sequence from softmax(logits / temperature), cut to top-k and top-p, on the device: the first of the
 * sorted tokens whose cumulative share exceeds the draw.
 * @param logits_BV after the penalty, float32
 * @param draw in [0, 1), float32 [1] (the same for all sequences, whose seeds are the same) or [B, 1]
 * @returns int64 [B]
 */
export function sampleTokens(logits_BV: Tensor, o: SamplingOptions, draw: Tensor): Tensor {
  const V = logits_BV.size(1);
  const scaled = logits_BV.div(o.temperature!);
  const [sorted_BK, order_BK] = o.topK && o.topK < V ? scaled.topk(o.topK) : scaled.sort(-1, true);
  const shares = sorted_BK.softmax(-1);
  // A token stays while those above it do not yet reach topP: the first always does.
  const kept =
    o.topP !== undefined && o.topP < 1 ? shares.maskedFill(shares.cumsum(-1).sub(shares).ge(o.topP), 0) : shares;
  const reached = kept.cumsum(-1);
  const total_B1 = reached.narrow(1, reached.size(1) - 1, 1);
  const place_B1 = reached.le(total_B1.mul(draw)).sum(-1, true);
  return order_BK.gather(1, place_B1).flatten();
}
