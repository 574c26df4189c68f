import { cat, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VLVisionConfig } from '../config.js';
import type { Grid } from '../grid.js';

/** CLIP's channel means and deviations, of values in [0, 1]. */
export const IMAGE_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const IMAGE_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** float32 frames, scaled to [0, 1] and normalised per channel. frames uint8 [n, 3, h, w] */
export function normalizeFrames(
  frames: Tensor,
  means: readonly number[] = IMAGE_MEAN,
  deviations: readonly number[] = IMAGE_STD,
): Tensor {
  return scope(() => {
    const { device } = frames;
    const mean = tensor([...means], { device })
      .mul(255)
      .view(1, 3, 1, 1);
    const std = tensor([...deviations], { device })
      .mul(255)
      .view(1, 3, 1, 1);
    return frames.to('float32').sub(mean).div(std);
  });
}

/** The same a few frames at a time, so that few of them have float32 intermediates. */
export function normalizeInChunks(
  frames: Tensor,
  means: readonly number[],
  deviations: readonly number[],
  chunk = 32,
): Tensor {
  return scope(() => {
    const parts = frames.split(chunk).map((part) => normalizeFrames(part, means, deviations));
    return parts.length > 1 ? cat(parts) : parts[0]!;
  });
}

/**
 * Cuts frames into patches: rows in the order (t, h/2, w/2, 2, 2), so that the four patches of a token are neighbours;
 * a row holds (channel, frame of the pair, y, x). An odd count repeats the last frame.
 * Source: transformers models/qwen2_vl/video_processing_qwen2_vl.py @ v5.18.0 (patchify).
 * @param frames [n, 3, h, w], sides multiples of patch size × merge size
 * @returns patches [t · h · w, 1176] and their grid
 */
export function patchify(
  frames: Tensor,
  config: Pick<Qwen25VLVisionConfig, 'patchSize' | 'temporalPatchSize' | 'spatialMergeSize'>,
): { patches: Tensor; grid: Grid } {
  const { patchSize: p, temporalPatchSize: pt, spatialMergeSize: m } = config;
  const [n, channels, height, width] = frames.shape as [number, number, number, number];
  const grid: Grid = [Math.ceil(n / pt), height / p, width / p];
  const [t, h, w] = grid;
  const patches = scope(() => {
    const missing = t * pt - n;
    const index = Array.from({ length: t * pt }, (_, i) => Math.min(i, n - 1));
    const whole =
      missing === 0 ? frames : frames.indexSelect(0, tensor(index, { dtype: 'int64', device: frames.device }));
    return whole
      .reshape(t, pt, channels, h / m, m, p, w / m, m, p)
      .permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
      .reshape(t * h * w, channels * pt * p * p);
  });
  return { patches, grid };
}
