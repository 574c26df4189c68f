import { aten, embedding, type Tensor } from '@motion-enhancer/libtorch';
import { mediaError } from '../vlm-common/generation/visual-of.js';
import type { Qwen25VLConfig } from './config.js';

/**
 * Token embeddings [B, N, C] in which visual embeddings stand at the image and video pad tokens, in order.
 * @throws UserError ERR_MEDIA when there are more or fewer visual embeddings than pad tokens
 */
export function embedTokens(
  ids_BN: Tensor,
  visual_SC: Tensor | null,
  embeddings_VC: Tensor,
  config: Pick<Qwen25VLConfig, 'imageTokenId' | 'videoTokenId'>,
): Tensor {
  const text = embedding(ids_BN, embeddings_VC);
  const pads = ids_BN.eq(config.imageTokenId).logicalOr(ids_BN.eq(config.videoTokenId)).flatten();
  const places = aten.nonzero(pads).flatten() as Tensor;
  const count = visual_SC?.size(0) ?? 0;
  if (places.numel !== count) throw mediaError(places.numel, count);
  if (!visual_SC) return text;
  const merged = aten.index_copy(text.flatten(0, 1), 0, places, visual_SC.to(text.dtype)) as Tensor;
  return merged.view(...text.shape);
}
