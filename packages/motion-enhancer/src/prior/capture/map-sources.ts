import type { DType, Tensor } from '@motion-enhancer/libtorch';
import { type TokenGrid, videoTokens } from '../grid.js';
import { attentionFromLse } from './attention-from-lse.js';
import type { LayerAttention, Scores } from './layer-attention.js';

/** Video queries over video keys, q divided by √d: [clips, heads, S, d] each, lse [clips, heads, S]. */
export interface VideoScores {
  q: Tensor;
  k: Tensor;
  lse: Tensor;
}

/** What captures take of a layer, whatever the model's architecture. */
export interface MapSources {
  videoToVideo: VideoScores;
  /** Σ over all entries of the video → video maps: [clips, heads] */
  videoTotal(): Tensor;
  /**
   * Maps of text tokens over the video: [clips, heads, tokens, S]
   * @param rows int64, which tokens; null: all
   */
  textToVideo(rows: Tensor | null): Tensor;
  /** How much each place of the video attends to text tokens, of the same shape; in cross-attention the same maps. */
  videoToText(rows: Tensor | null): Tensor;
}

/** @param dtype in which maps are computed */
export const mapSources = (attention: LayerAttention, grid: TokenGrid, dtype: DType): MapSources =>
  attention.kind === 'joint'
    ? jointSources(attention.joint, grid, dtype)
    : selfCrossSources(attention.self, attention.cross, dtype);

/** Both are parts of the same map, whose queries and keys are text, then video. */
function jointSources(scores: Scores, grid: TokenGrid, dtype: DType): MapSources {
  const [T, S] = [grid.textTokens, videoTokens(grid)];
  const { q, k, lse } = scaled(scores, dtype);
  const video = { q: q.narrow(2, T, S), k: k.narrow(2, T, S), lse: lse.narrow(2, T, S) };
  return {
    videoToVideo: video,
    videoTotal() {
      // What is not on text is on video.
      const onText = attentionFromLse(video.q, k.narrow(2, 0, T), video.lse).sum([-2, -1]);
      return massOf(scores.ownLse_BHN.to(dtype).narrow(2, T, S), video.lse).sub(onText);
    },
    textToVideo: (rows) =>
      attentionFromLse(chosen(q.narrow(2, 0, T), rows), video.k, chosen(lse.narrow(2, 0, T), rows)),
    videoToText: (rows) => attentionFromLse(video.q, chosen(k.narrow(2, 0, T), rows), video.lse).transpose(-2, -1),
  };
}

/**
 * Video → video is the self-attention. A word's map comes from the cross-attention: its softmax goes over the text at each
 * place of the video, so the map of a token is its column, as it is: the share of every place's attention that the token has.
 */
function selfCrossSources(self: Scores, cross: Scores, dtype: DType): MapSources {
  const video = scaled(self, dtype);
  const columns = (rows: Tensor | null) => {
    const { q, k, lse } = scaled(cross, dtype);
    return attentionFromLse(q, chosen(k, rows), lse).transpose(-2, -1);
  };
  return {
    videoToVideo: video,
    videoTotal: () => massOf(self.ownLse_BHN.to(dtype), video.lse),
    textToVideo: columns,
    videoToText: columns,
  };
}

function scaled({ q_BHND, k_BHND, lse_BHN }: Scores, dtype: DType): VideoScores {
  const q = q_BHND.to(dtype).mul(1 / Math.sqrt(q_BHND.size(3)));
  return { q, k: k_BHND.to(dtype), lse: lse_BHN.to(dtype) };
}

/** Σ over queries of the mass that each has on its own keys, e^(own lse − lse): [clips, heads] */
const massOf = (ownLse: Tensor, lse: Tensor): Tensor => ownLse.sub(lse).exp().sum(-1);

const chosen = (x: Tensor, rows: Tensor | null): Tensor => (rows ? x.indexSelect(2, rows) : x);
