import type { Checkpoints, Tensor } from '@motion-enhancer/libtorch';
import {
  type Decoded,
  type DecoderOptions,
  InternVL3,
  type Grid as MediaGrid,
  type Qwen25VL,
} from '@motion-enhancer/models';

/** A model that the alignment loss can train. */
export type TrainableVlm = Qwen25VL | InternVL3;

interface Tokens {
  ids: readonly number[];
  /** −100 where no loss is taken */
  labels: readonly number[];
  /** Of the loss at each place; absent or null where all weigh alike. */
  weights?: readonly number[] | null;
}

/** One sample as Qwen2.5-VL takes it. */
export interface PatchSample extends Tokens {
  /** [P, 1176] of all images and videos */
  patches: Tensor;
  /** In patches: frames, rows, columns of every video or image */
  grids: readonly MediaGrid[];
  /** int64 [3, 1, N] */
  positions_3BN: Tensor;
}

/** One sample as InternVL3 takes it. */
export interface TileSample extends Tokens {
  /** [n, 3, 448, 448] of all images and videos */
  tiles: Tensor;
}

/** One sample without images and videos. */
export interface TextSample extends Tokens {
  /** int64 [3, 1, N] of Qwen2.5-VL */
  positions_3BN?: Tensor;
}

export type StepSample = PatchSample | TileSample | TextSample;

/** Whose blocks are computed again in the backward pass: of tower and decoder, of one of them, or none. */
export type Recompute = 'blocks' | 'vision' | 'llm' | 'none';

/** Runs a sample through the model that it was prepared for; with checkpoints, blocks run through them as `recompute` says. */
export function forwardSample(
  model: TrainableVlm,
  sample: StepSample,
  options: Pick<DecoderOptions, 'rows' | 'logits'> & { checkpoints?: Checkpoints | null; recompute?: Recompute },
): Decoded {
  const ids = [sample.ids];
  const { checkpoints: given = null, recompute = 'blocks', ...wanted } = options;
  const ofTower = recompute === 'blocks' || recompute === 'vision' ? given : null;
  const checkpoints = recompute === 'blocks' || recompute === 'llm' ? given : null;
  if (model instanceof InternVL3) {
    if ('patches' in sample) throw new TypeError('InternVL3 takes samples of tiles');
    const visual = 'tiles' in sample ? model.encodeVisual(sample.tiles, ofTower) : null;
    return model.forward({ ids, visual, checkpoints, ...wanted });
  }
  if ('tiles' in sample || !sample.positions_3BN) throw new TypeError('Qwen2.5-VL takes samples of patches');
  const visual = 'patches' in sample ? model.encodeVisual(sample.patches, sample.grids, ofTower) : null;
  return model.forward({ ids, visual, positions_3BN: sample.positions_3BN, checkpoints, ...wanted });
}
