import { arange, aten, cat, type Tensor } from '@motion-enhancer/libtorch';
import type { CogVideoXConfig } from './config.js';
import type { TokenGrid } from './token-grid.js';

/**
 * Added positions of the 2B form: [S, width] in float64; time takes the first quarter, then columns and rows 3/8 each.
 * Source: diffusers models/embeddings.py @ 58eb52c0, get_3d_sincos_pos_embed (columns come before rows there)
 */
export function sinePositions(c: CogVideoXConfig, grid: TokenGrid): Tensor {
  const sizes = [grid.frames, grid.height, grid.width] as const;
  const time = sines(c.width / 4, sizes[0], c.temporalInterpolation);
  const rows = sines((c.width * 3) / 8, sizes[1], c.spatialInterpolation);
  const columns = sines((c.width * 3) / 8, sizes[2], c.spatialInterpolation);
  return cat(
    [
      time.reshape(sizes[0], 1, 1, -1).expand(...sizes, -1),
      columns.reshape(1, 1, sizes[2], -1).expand(...sizes, -1),
      rows.reshape(1, sizes[1], 1, -1).expand(...sizes, -1),
    ],
    -1,
  ).reshape(grid.frames * grid.locations, c.width);
}

/** [sin | cos] of (position / scale) · 10000^(−2i/dim): [count, dim]. Positions are float32, as in the source. */
function sines(dim: number, count: number, scale: number): Tensor {
  const exponent = arange(0, dim / 2, 1, { dtype: 'float64' }).div(dim / 2);
  const omega = (aten.pow(10000, exponent) as Tensor).reciprocal();
  const positions = arange(0, count, 1, { dtype: 'float32' }).div(scale).to('float64');
  const angle = positions.unsqueeze(1).mul(omega);
  return cat([angle.sin(), angle.cos()], 1);
}
