import { cat, linspace, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { VaeConfig } from './config.js';

/** Size of a tile in latent pixels. */
export interface TileSize {
  height: number;
  width: number;
}

/** Share of a tile that overlaps with its neighbour, as in diffusers. */
const OVERLAP = { height: 1 / 6, width: 1 / 5 } as const;

/** Latent pixels over which a tile is blended with the one before. */
const overlapOf = (size: number, side: 'height' | 'width'): number => Math.floor(size * OVERLAP[side] + 1e-9);

/**
 * Runs `body` on overlapping tiles and joins the results, each blended linearly into its upper and left neighbour.
 * Group norms see a tile alone, so the outcome is near that of whole frames, not equal to it.
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, tiled_encode and tiled_decode
 * @param x_BCTHW what `body` takes
 * @param tile size of a tile in latent pixels
 * @param from pixels of `x` per latent pixel @param to pixels of the result per latent pixel
 */
export function inTiles(
  x_BCTHW: Tensor,
  tile: TileSize,
  from: number,
  to: number,
  body: (tile_BCTHW: Tensor) => Tensor,
): Tensor {
  const [height, width] = [x_BCTHW.size(3) / from, x_BCTHW.size(4) / from];
  const overlap = { height: overlapOf(tile.height, 'height'), width: overlapOf(tile.width, 'width') };
  const step = { height: tile.height - overlap.height, width: tile.width - overlap.width };
  return scope(() => {
    let above: Tensor[] = [];
    const rows: Tensor[] = [];
    for (let top = 0; top < height; top += step.height) {
      const row: Tensor[] = [];
      for (let left = 0; left < width; left += step.width) {
        const part = x_BCTHW
          .narrow(3, top * from, Math.min(tile.height, height - top) * from)
          .narrow(4, left * from, Math.min(tile.width, width - left) * from);
        const result = scope(() => body(part));
        if (top > 0) blend_(above[row.length]!, result, 3, overlap.height * to);
        if (left > 0) blend_(row.at(-1)!, result, 4, overlap.width * to);
        row.push(result);
      }
      const used = row.map((result) => firstOf(firstOf(result, 3, step.height * to), 4, step.width * to));
      rows.push(cat(used, 4));
      for (const result of above) result.dispose();
      above = row;
    }
    return cat(rows, 3);
  });
}

const firstOf = (x: Tensor, dim: number, size: number): Tensor => x.narrow(dim, 0, Math.min(size, x.size(dim)));

/** Fades the end of `before` into the start of `x`, in place. */
function blend_(before: Tensor, x: Tensor, dim: number, extent: number): void {
  const n = Math.min(before.size(dim), x.size(dim), extent);
  if (n === 0) return;
  scope(() => {
    // Shares in float32: in half precision they would be rounded before the product.
    const dtype = x.dtype === 'float64' ? 'float64' : 'float32';
    const share = linspace(0, 1 - 1 / n, n, { dtype, device: x.device }).reshape(
      ...x.shape.map((_, i) => (i === dim ? n : 1)),
    );
    const start = x.narrow(dim, 0, n);
    const end = before.narrow(dim, before.size(dim) - n, n);
    start.copy_(end.mul(share.neg().add(1)).add(start.mul(share)));
  });
}

/**
 * What encoding and decoding need at their height beside weights and result, in states of the first level (its channels
 * times the pixels of a chunk of frames); measured: bench/vae-real-size.mjs.
 */
const STATES = { encode: 9, decode: 15.5 } as const;
/** Frames of a chunk: 8, and with the first one the remainder. */
const chunkFrames = (frames: number): number => Math.min(frames, 8 + (frames % 8));

/** About how many bytes encoding or decoding a clip of this size takes at once. */
export function vaeBytes(
  config: VaeConfig,
  way: 'encode' | 'decode',
  clip: { frames: number; height: number; width: number },
  bytesOfNumber: number,
): number {
  const { frames, height, width } = clip;
  return STATES[way] * config.blockChannels[0]! * chunkFrames(frames) * height * width * bytesOfNumber;
}

/** The least tile: smaller ones are mostly overlap. */
const LEAST = 6;

/**
 * The tiles under which a clip stays below a cap of memory: null where it does as a whole. They begin at diffusers' size,
 * half of the size that the model was trained at on either side, and shrink in equal steps.
 * @param bytes the cap
 */
export function tilesUnder(
  config: VaeConfig,
  way: 'encode' | 'decode',
  clip: { frames: number; height: number; width: number },
  bytesOfNumber: number,
  bytes: number,
): TileSize | null {
  const fits = (height: number, width: number) =>
    vaeBytes(config, way, { frames: clip.frames, height, width }, bytesOfNumber) <= bytes;
  if (fits(clip.height, clip.width)) return null;
  const scale = config.spatialCompression;
  const whole = { height: config.sampleHeight / (2 * scale), width: config.sampleWidth / (2 * scale) };
  for (let share = 1; ; share -= 1 / 16) {
    const tile = {
      height: Math.max(LEAST, Math.floor(whole.height * share)),
      width: Math.max(LEAST, Math.floor(whole.width * share)),
    };
    const least = tile.height === LEAST && tile.width === LEAST;
    if (least || fits(tile.height * scale, tile.width * scale)) return tile;
  }
}
