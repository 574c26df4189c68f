import { expected } from '@motion-enhancer/support';
import type { RgbImage } from './rgb-image.js';

/** Matplotlib's "inferno" (van der Walt and Smith, CC0) at nine evenly spaced points: even steps in lightness. */
const INFERNO: readonly (readonly [number, number, number])[] = [
  [0, 0, 4],
  [33, 12, 74],
  [87, 16, 110],
  [138, 34, 106],
  [188, 55, 84],
  [228, 90, 49],
  [249, 142, 9],
  [249, 203, 53],
  [252, 255, 164],
];

/** Colour of a value in [0, 1] (clamped; NaN counts as 0): RGB, each 0 to 255. */
export function colormap(value: number): [number, number, number] {
  const at = (value > 0 ? Math.min(value, 1) : 0) * (INFERNO.length - 1);
  const low = Math.min(Math.floor(at), INFERNO.length - 2);
  const from = INFERNO[low]!;
  const to = INFERNO[low + 1]!;
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * (at - low));
  return [mix(0), mix(1), mix(2)];
}

/** A map of float values, row by row: [height, width]. */
export interface Heat {
  width: number;
  height: number;
  data: Float32Array;
}

/** Resizes bilinearly with half-pixel centres, as torch's `interpolate(align_corners=False)` does. */
export function resizeHeat(heat: Heat, width: number, height: number): Heat {
  const columns = taps(heat.width, width);
  const rows = taps(heat.height, height);
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const { low: top, high: bottom, weight: down } = rows[y]!;
    for (let x = 0; x < width; x++) {
      const { low: left, high: right, weight: across } = columns[x]!;
      const at = (row: number, column: number) => heat.data[row * heat.width + column]!;
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      data[y * width + x] = upper * (1 - down) + lower * down;
    }
  }
  return { width, height, data };
}

/**
 * Lays a map in the colours of `colormap` over a frame: (1 − alpha) · frame + alpha · colour.
 * @param heat values in [0, 1], any size: resized bilinearly to the frame's
 * @param alpha share of the colour, 0 to 1
 * @throws {UserError} `ERR_VALUE` when a size does not fit its data, or alpha is outside of [0, 1]
 */
export function overlay(frame: RgbImage, heat: Heat, alpha = 0.5): RgbImage {
  const { width, height } = frame;
  if (!(alpha >= 0 && alpha <= 1)) throw expected('a number from 0 to 1', 'alpha', alpha);
  if (frame.data.length !== width * height * 3) {
    throw expected(`${width * height * 3} bytes`, 'data of the frame', frame.data.length);
  }
  if (heat.data.length !== heat.width * heat.height || heat.data.length === 0) {
    throw expected(`${heat.width} × ${heat.height} values`, 'data of the heat map', heat.data.length);
  }
  const resized = resizeHeat(heat, width, height).data;
  const data = new Uint8Array(frame.data.length);
  for (let i = 0; i < resized.length; i++) {
    const colour = colormap(resized[i]!);
    for (let channel = 0; channel < 3; channel++) {
      data[i * 3 + channel] = Math.round(frame.data[i * 3 + channel]! * (1 - alpha) + colour[channel]! * alpha);
    }
  }
  return { width, height, data };
}

/** For each of `to` positions the two neighbours among `from` and the weight of the second. */
function taps(from: number, to: number): { low: number; high: number; weight: number }[] {
  return Array.from({ length: to }, (_, index) => {
    const at = Math.max(0, ((index + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(at), from - 1);
    return { low, high: Math.min(low + 1, from - 1), weight: at - low };
  });
}
