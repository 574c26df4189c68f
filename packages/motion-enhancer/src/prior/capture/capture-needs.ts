import type { PriorConfig } from '../config.js';
import { passesOf } from '../diffusion/noise-levels.js';
import { startSeed } from '../diffusion/seeds.js';
import type { Denoiser } from '../diffusion/video-diffusion.js';
import type { TokenGrid } from '../grid.js';
import type { CaptureNeeds } from './choose-capture.js';
import { maskOf } from './mask.js';

/** How many of the last steps are captured; of single passes all. */
export const stepsCaptured = (o: PriorConfig): number => (o.mode === 'renoise' ? passesOf(o) : lastSteps(o));

const lastSteps = ({ steps, stepsUsed }: Pick<PriorConfig, 'steps' | 'stepsUsed'>): number =>
  stepsUsed > 0 ? Math.min(stepsUsed, steps) : steps;

/**
 * What a capture of these options must hold.
 * @param textRows tokens whose rows are wanted (all by default); kept apart only where there are thousands of units
 */
export function captureNeeds(
  model: Pick<Denoiser, 'attention' | 'device' | 'dtype'>,
  grid: TokenGrid,
  config: PriorConfig,
  textRows?: readonly number[],
): CaptureNeeds {
  const { kind, layers, heads, headDim } = model.attention;
  const alone = config.unit === 'layer-head';
  return {
    ...{ kind, heads, headDim, grid },
    passes: stepsCaptured(config) * layers,
    device: model.device,
    dtype: model.dtype,
    squareSum: config.squareSum,
    sampleRows: config.sampleRows,
    sampleSeed: startSeed(config.seed),
    mask: maskOf(config, grid),
    ...(alone ? { groups: layers, ...(textRows ? { textRows } : {}) } : {}),
  };
}
