import type { Grid } from '../../align/index.js';
import { CLIP_FRAMES, CLIP_SIDE } from '../vlm/mini-config.js';

/**
 * Where an object is, as a map over a grid: the share of each cell that it covers.
 * @param masks uint8 [clips, 16, 64, 64]: the object in front, index + 1
 * @returns [frames · height · width]
 */
export function coverage(masks: Uint8Array, clip: number, object: number, grid: Grid): Float32Array {
  const size = CLIP_FRAMES * CLIP_SIDE * CLIP_SIDE;
  const mask = masks.subarray(clip * size, (clip + 1) * size);
  const map = new Float32Array(grid.frames * grid.height * grid.width);
  const [t, h, w] = [CLIP_FRAMES / grid.frames, CLIP_SIDE / grid.height, CLIP_SIDE / grid.width];
  for (let f = 0, at = 0; f < CLIP_FRAMES; f++)
    for (let y = 0; y < CLIP_SIDE; y++)
      for (let x = 0; x < CLIP_SIDE; x++, at++)
        if (mask[at] === object + 1)
          map[(Math.floor(f / t) * grid.height + Math.floor(y / h)) * grid.width + Math.floor(x / w)]! += 1;
  const cell = t * h * w;
  return map.map((count) => count / cell);
}
