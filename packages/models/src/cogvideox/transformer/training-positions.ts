import { cat, full, ones, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';
import type { CogVideoXConfig } from './config.js';
import { ropeTables } from './rope.js';
import { sinePositions } from './sine-positions.js';
import { tokenGrid } from './token-grid.js';

/** What depends on the latents' size alone: made once for a training. */
export interface TrainingPositions {
  /** Rotary factors of text (not rotated) and video tokens, null for a model without. */
  rotary: {
    /** In the network's type: [T + S, 1, 1, headDim] */
    cos: Tensor;
    sin: Tensor;
    /** (x0, x1) → (−x1, x0) as a product: [headDim, headDim] */
    across: Tensor;
    /** The same in float32: [T + S, headDim] */
    cosFloat: Tensor;
    sinFloat: Tensor;
  } | null;
  /** Positions that are added to video tokens: [S, width] */
  added: Tensor | null;
  /** 1 / headDim everywhere: [headDim, headDim] */
  average: Tensor;
}

/** @param latents [B, Flat, C, h, w]: their shape, dtype and device count */
export function trainingPositions(config: CogVideoXConfig, latents: Tensor, textTokens: number): TrainingPositions {
  const [, flat, , h, w] = latents.shape as [number, number, number, number, number];
  const { device, dtype } = latents;
  const d = config.attentionHeadDim;
  const average = full([d, d], 1 / d, { dtype, device });
  if (!config.rotary)
    return { rotary: null, added: sinePositions(config, tokenGrid(config, flat, h, w)).to(dtype, device), average };
  const { cos, sin } = ropeTables(config, flat, h, w);
  const cosFloat = cat([ones([textTokens, d]), cos.to('float32')]).to(device);
  const sinFloat = cat([zeros([textTokens, d]), sin.to('float32')]).to(device);
  const broadcast = (table: Tensor) => table.unsqueeze(1).unsqueeze(1).to(dtype);
  const across = Array.from({ length: d * d }, (_, i) => {
    const [row, column] = [Math.floor(i / d), i % d];
    if (row % 2 === 0) return column === row + 1 ? 1 : 0;
    return column === row - 1 ? -1 : 0;
  });
  return {
    rotary: {
      cos: broadcast(cosFloat),
      sin: broadcast(sinFloat),
      across: tensor(across, { shape: [d, d] }).to(dtype, device),
      cosFloat,
      sinFloat,
    },
    added: null,
    average,
  };
}
