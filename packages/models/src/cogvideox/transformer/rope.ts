import { arange, aten, cat, linspace, type Tensor } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import type { CogVideoXConfig } from './config.js';
import { tokenGrid } from './token-grid.js';

/** Rotary tables of the video tokens, float32, each value repeated for the two halves of its pair. */
export interface Rope {
  /** [S, headDim] */
  cos: Tensor;
  /** [S, headDim] */
  sin: Tensor;
}

const THETA = 10000;

/**
 * Rotary tables for latents with `flat` frames of h × w. headDim splits into time 1/4, height 3/8, width 3/8.
 * 1.5 counts positions from 0 ("slice" grid); 1.0 spreads the grid over a centred crop of the training grid.
 * Source: diffusers models/embeddings.py get_3d_rotary_pos_embed and
 * pipelines/cogvideo/pipeline_cogvideox.py _prepare_rotary_positional_embeddings @ 58eb52c0
 * @throws UserError when a 1.5 grid is larger than the checkpoint's sample_height or sample_width allow
 */
export function ropeTables(c: CogVideoXConfig, flat: number, h: number, w: number, device = 'cpu'): Rope {
  const grid = tokenGrid(c, flat, h, w);
  const baseHeight = Math.floor(c.sampleHeight / c.patchSize);
  const baseWidth = Math.floor(c.sampleWidth / c.patchSize);
  let rows: Tensor;
  let columns: Tensor;
  if (c.patchSizeT === null) {
    const crop = resizeCrop(grid.height, grid.width, baseHeight, baseWidth);
    rows = spread(crop.top, crop.bottom, grid.height);
    columns = spread(crop.left, crop.right, grid.width);
  } else {
    if (grid.height > baseHeight) throw expected(`at most ${baseHeight * c.patchSize}`, 'latent height', h);
    if (grid.width > baseWidth) throw expected(`at most ${baseWidth * c.patchSize}`, 'latent width', w);
    rows = arange(0, grid.height, 1, { dtype: 'float32' });
    columns = arange(0, grid.width, 1, { dtype: 'float32' });
  }
  const times = arange(0, grid.frames, 1, { dtype: 'float32' });
  const d = c.attentionHeadDim;
  const sizes = [grid.frames, grid.height, grid.width] as const;
  const angles_S = cat(
    [
      angles(d / 4, times)
        .reshape(sizes[0], 1, 1, -1)
        .expand(...sizes, -1),
      angles((d / 8) * 3, rows)
        .reshape(1, sizes[1], 1, -1)
        .expand(...sizes, -1),
      angles((d / 8) * 3, columns)
        .reshape(1, 1, sizes[2], -1)
        .expand(...sizes, -1),
    ],
    -1,
  ).reshape(grid.frames * grid.locations, d);
  return { cos: angles_S.cos().to(device), sin: angles_S.sin().to(device) };
}

/** position · θ^(−2i/d), i < d/2, each repeated twice: [n, d] in float32. */
function angles(d: number, positions: Tensor): Tensor {
  const exponent = arange(0, d, 2, { dtype: 'float32' }).div(d);
  const frequencies = (aten.pow(THETA, exponent) as Tensor).reciprocal();
  return positions.unsqueeze(1).mul(frequencies).repeatInterleave(2, 1);
}

/** `size` points from start to just before stop, evenly. */
function spread(start: number, stop: number, size: number): Tensor {
  return linspace(start, (stop * (size - 1)) / size, size);
}

/** The centred part of the training grid that has the same proportions as this grid, in whole cells. */
function resizeCrop(height: number, width: number, baseHeight: number, baseWidth: number) {
  const tall = height / width > baseHeight / baseWidth;
  const resizedHeight = tall ? baseHeight : roundHalfEven((baseWidth / width) * height);
  const resizedWidth = tall ? roundHalfEven((baseHeight / height) * width) : baseWidth;
  const top = roundHalfEven((baseHeight - resizedHeight) / 2);
  const left = roundHalfEven((baseWidth - resizedWidth) / 2);
  return { top, left, bottom: top + resizedHeight, right: left + resizedWidth };
}

/** Python's round(): halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

/** cos + i sin of every pair: [S, headDim / 2], the form that `applyRope_` multiplies by. */
export function ropeFactors(rope: Rope): Tensor {
  return aten.complex(rope.cos.slice(1, 0, null, 2).contiguous(), rope.sin.slice(1, 0, null, 2).contiguous());
}

/**
 * Rotates adjacent pairs of the video part in place, in float32, rounded once to the tensor's dtype.
 * @param x_BNHD queries or keys, text tokens first; changed in place
 * @param factors complex64 [S, headDim / 2]
 */
export function applyRope_(x_BNHD: Tensor, factors: Tensor, textTokens: number): void {
  const video_BSHD = x_BNHD.narrow(1, textTokens, x_BNHD.size(1) - textTokens);
  const pairs = aten.view_as_complex(video_BSHD.to('float32').unflatten(-1, [-1, 2])) as Tensor;
  const rotated = aten.view_as_real(pairs.mul(factors.unsqueeze(1))) as Tensor;
  video_BSHD.copy_(rotated.flatten(-2));
}
