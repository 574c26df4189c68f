import { contactSheet, type RgbImage } from '@motion-enhancer/core/internal/data/image/index.js';
import type { WorldClip } from './generate/index.js';

/** Frames of a video as pictures. */
export function pictures(frames: Uint8Array, count: number, width: number, height = width): RgbImage[] {
  const per = width * height * 3;
  return Array.from({ length: count }, (_, t) => ({ width, height, data: frames.subarray(t * per, (t + 1) * per) }));
}

/** `shown` frames of each clip in a row, evenly spread from the first to the last. */
export function clipSheet(clips: readonly WorldClip[], shown = 8): RgbImage {
  const rows = clips.map(({ frames, count, size }) => {
    const all = pictures(frames, count, size);
    const n = Math.min(shown, count);
    return Array.from({ length: n }, (_, i) => all[n === 1 ? 0 : Math.round((i * (count - 1)) / (n - 1))]!);
  });
  return contactSheet(rows);
}
