import { cat, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { resizeAsPillow } from '../../qwen2-5-vl/processing/resize-as-pillow.js';
import type { InternVL3Config } from '../config.js';

export interface TileOptions {
  /** Smallest and largest count of tiles, the thumbnail not counted. */
  minTiles: number;
  maxTiles: number;
  /** Side of a tile in pixels. */
  tileSize: number;
  /** An image of several tiles has itself as one more. */
  useThumbnail: boolean;
}

/**
 * Columns and rows of tiles whose shape is closest to an image's; between equally close ones the larger count, if the
 * image fills more than half of it.
 * Source: OpenGVLab/InternVL @ 2410d1d internvl/train/dataset.py (find_closest_aspect_ratio).
 */
export function tileGrid(
  width: number,
  height: number,
  { minTiles, maxTiles, tileSize }: Pick<TileOptions, 'minTiles' | 'maxTiles' | 'tileSize'>,
): { columns: number; rows: number } {
  if (!(Number.isInteger(minTiles) && Number.isInteger(maxTiles) && minTiles >= 1 && maxTiles >= minTiles))
    throw new UserError(`Expected whole numbers 1 ≤ minTiles ≤ maxTiles but received ${minTiles} and ${maxTiles}.`, {
      code: 'ERR_VALUE',
    });
  const aspect = width / height;
  let best = { columns: 1, rows: 1 };
  let smallest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates(minTiles, maxTiles)) {
    const { columns, rows } = candidate;
    const off = Math.abs(aspect - columns / rows);
    if (off < smallest || (off === smallest && width * height > 0.5 * tileSize ** 2 * columns * rows)) {
      smallest = off;
      best = candidate;
    }
  }
  return best;
}

/** All grids of so many tiles, ascending by their count. */
function candidates(min: number, max: number): { columns: number; rows: number }[] {
  const grids = Array.from({ length: max }, (_, i) => i + 1).flatMap((columns) =>
    Array.from({ length: Math.floor(max / columns) }, (_, j) => ({ columns, rows: j + 1 })),
  );
  return grids
    .filter(({ columns, rows }) => columns * rows >= min)
    .sort((a, b) => a.columns * a.rows - b.columns * b.rows);
}

/**
 * Tiles of an image, row by row, each of which the vision tower sees by itself; then the whole as a thumbnail.
 * Source: OpenGVLab/InternVL @ 2410d1d internvl/train/dataset.py (dynamic_preprocess).
 * @param image uint8 [3, h, w]
 * @returns uint8 [tiles, 3, tileSize, tileSize]
 * @throws UserError ERR_MEDIA
 */
export function tileImage(image: Tensor, options: TileOptions): Tensor {
  if (image.dim !== 3 || image.size(0) !== 3 || image.dtype !== 'uint8' || image.numel === 0)
    throw new UserError(`Expected an image uint8 [3, h, w] but received ${image.dtype} [${image.shape.join(', ')}].`, {
      code: 'ERR_MEDIA',
    });
  const { tileSize: s } = options;
  return scope(() => {
    const whole = image.unsqueeze(0);
    const { columns, rows } = tileGrid(image.size(2), image.size(1), options);
    const tiles = resizeAsPillow(whole, rows * s, columns * s)
      .view(3, rows, s, columns, s)
      .permute(1, 3, 0, 2, 4)
      .reshape(rows * columns, 3, s, s);
    return options.useThumbnail && rows * columns > 1 ? cat([tiles, resizeAsPillow(whole, s, s)]) : tiles;
  });
}

/** A video's frames are one tile each, squashed to a square. frames uint8 [n, 3, h, w] @throws UserError ERR_MEDIA */
export function tileFrames(frames: Tensor, tileSize: number): Tensor {
  if (frames.dim !== 4 || frames.size(1) !== 3 || frames.dtype !== 'uint8' || frames.numel === 0)
    throw new UserError(
      `Expected video frames uint8 [n, 3, h, w] but received ${frames.dtype} [${frames.shape.join(', ')}].${frames.numel === 0 ? ' The video has no frames: check that it can be decoded.' : ''}`,
      { code: 'ERR_MEDIA' },
    );
  return resizeAsPillow(frames, tileSize, tileSize);
}

/** What a checkpoint's config says about tiles, some of it changed. */
export function tileOptions(config: InternVL3Config, changes: Partial<TileOptions> = {}): TileOptions {
  const { minTiles, maxTiles, tileSize, useThumbnail } = config;
  return { minTiles, maxTiles, tileSize, useThumbnail, ...changes };
}
