import { colormap, encodePng, type Heat, type RgbImage, resizeHeat } from '../data/image/index.js';

/** A strip's maps are this wide at most, pixels: the browser smooths the rest. */
const MAX_WIDTH = 160;
/** Opacity of the heat's colour at 0 and at 1: what is cold dims the frame a little. */
const OPACITY = { cold: 0.4, hot: 0.85 };

/** Images of one size side by side, as one PNG. */
export function filmStrip(images: readonly RgbImage[]): Uint8Array {
  const { width, height } = images[0]!;
  const total = width * images.length;
  const data = new Uint8Array(total * height * 3);
  images.forEach((image, f) => {
    for (let y = 0; y < height; y++) {
      data.set(image.data.subarray(y * width * 3, (y + 1) * width * 3), (y * total + f * width) * 3);
    }
  });
  return encodePng({ width: total, height, data });
}

/** Maps side by side as one PNG with an alpha channel, to be laid over the film strip of the same frames. */
export function heatStrip(maps: readonly Heat[]): Uint8Array {
  const { width: w, height: h } = maps[0]!;
  // Finer than the grid, so that the browser's smoothing does not mix a frame's edge with its neighbour's.
  const finer = Math.max(1, Math.min(4, Math.floor(MAX_WIDTH / w)));
  const [width, height] = [w * finer, h * finer];
  const total = width * maps.length;
  const data = new Uint8Array(total * height * 4);
  maps.forEach((map, f) => {
    const fine = resizeHeat(map, width, height).data;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = fine[y * width + x]!;
        const at = (y * total + f * width + x) * 4;
        data.set(colormap(value), at);
        data[at + 3] = Math.round(255 * (OPACITY.cold + (OPACITY.hot - OPACITY.cold) * value));
      }
    }
  });
  return encodePng({ width: total, height, data });
}
