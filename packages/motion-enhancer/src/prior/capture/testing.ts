import type { Tensor } from '@motion-enhancer/libtorch';
import type { LayerAttention } from './layer-attention.js';

/** Joint attention of one clip, [heads, N, d] and [heads, N], as captures take it. */
export function jointOfClip(q_HND: Tensor, k_HND: Tensor, ownLse_HN: Tensor, lse_HN = ownLse_HN): LayerAttention {
  const [q_BHND, k_BHND, ownLse_BHN, lse_BHN] = [q_HND, k_HND, ownLse_HN, lse_HN].map((x) => x.unsqueeze(0)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return { kind: 'joint', joint: { q_BHND, k_BHND, ownLse_BHN, lse_BHN } };
}
