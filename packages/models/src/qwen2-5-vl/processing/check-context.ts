import { UserError } from '@motion-enhancer/support';

/** How a medium's visual tokens come about. */
export interface MediumLoad {
  type: 'image' | 'video';
  /** Equal pieces: frame pairs, frames, tiles, or the one image. */
  pieces: number;
  /** What a piece is called: `frame pair`, `frame`, `tile`; '' for an image that is one piece. */
  piece: string;
  /** Tokens of a piece. */
  tokens: number;
  /** Frames of the video in a piece. */
  frames: number;
}

/**
 * A chat must fit the model's context.
 * @param remedy the options that make frames or images smaller, as a sentence's end: "maxPixels or totalPixels (smaller frames)"
 * @throws UserError ERR_CONTEXT with the numbers, and how many frames would fit
 */
export function checkContext(tokens: number, media: readonly MediumLoad[], limit: number, remedy: string): void {
  if (tokens <= limit) return;
  const visual = media.reduce((sum, medium) => sum + medium.pieces * medium.tokens, 0);
  const parts = media.map(
    (medium, i) =>
      `${medium.type} ${i + 1}: ${medium.piece === '' ? medium.tokens : `${medium.pieces} ${medium.piece}s of ${medium.tokens}`}`,
  );
  throw new UserError(
    `The chat has ${tokens} tokens, ${visual} of them visual${parts.length > 0 ? ` (${parts.join('; ')})` : ''}, but the model takes at most ${limit} (max_position_embeddings). ${fitting(tokens, media, limit)}Lower fps, frames or maxFrames (fewer frames), ${remedy}; or shorten the text.`,
    { code: 'ERR_CONTEXT' },
  );
}

/** How many frames of the longest video would fit, everything else as it is. */
function fitting(tokens: number, media: readonly MediumLoad[], limit: number): string {
  const videos = media.filter(({ type }) => type === 'video').sort((a, b) => b.pieces * b.tokens - a.pieces * a.tokens);
  const [longest] = videos;
  if (!longest) return '';
  const pieces = Math.floor((limit - (tokens - longest.pieces * longest.tokens)) / longest.tokens);
  const which = videos.length > 1 ? 'of the longest video ' : '';
  return pieces > 0 ? `At this size ${pieces * longest.frames} frames ${which}would fit. ` : '';
}
