import { type InternVL3Config, resizeAsPillow } from '@motion-enhancer/models';
import type { FrameResize } from '../../media/fit-frames.js';

/** Frames are squashed to a tile each. */
export function internVLFrameResize({ tileSize }: Pick<InternVL3Config, 'tileSize'>): FrameResize {
  return { size: () => [tileSize, tileSize], resize: resizeAsPillow };
}
