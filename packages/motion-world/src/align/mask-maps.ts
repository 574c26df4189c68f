import type { Grid } from '@motion-enhancer/core/internal/align/index.js';
import { CLIP } from '../clips/clip-size.js';

/**
 * Where an object is, as a map over a grid: the share of each cell that it covers.
 * @param masks uint8 [clips, 16, 64, 64]: the object in front, index + 1
 * @returns [frames · height · width]
 */
export function coverage(masks: Uint8Array, clip: number, object: number, grid: Grid): Float32Array {
  const size = CLIP.frames * CLIP.size * CLIP.size;
  const mask = masks.subarray(clip * size, (clip + 1) * size);
  const map = new Float32Array(grid.frames * grid.height * grid.width);
  const [t, h, w] = [CLIP.frames / grid.frames, CLIP.size / grid.height, CLIP.size / grid.width];
  for (let f = 0, at = 0; f < CLIP.frames; f++)
    for (let y = 0; y < CLIP.size; y++)
      for (let x = 0; x < CLIP.size; x++, at++)
        if (mask[at] === object + 1)
          map[(Math.floor(f / t) * grid.height + Math.floor(y / h)) * grid.width + Math.floor(x / w)]! += 1;
  const cell = t * h * w;
  return map.map((count) => count / cell);
}
