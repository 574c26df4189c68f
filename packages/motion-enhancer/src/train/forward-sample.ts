import type { Tensor } from '@motion-enhancer/libtorch';
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
}

/** One sample as Qwen2.5-VL takes it. */
export interface PatchSample extends Tokens {
  /** [P, 1176] */
  patches: Tensor;
  /** In patches: frames, rows, columns of every video or image */
  grids: readonly MediaGrid[];
  /** int64 [3, 1, N] */
  positions_3BN: Tensor;
}

/** One sample as InternVL3 takes it. */
export interface TileSample extends Tokens {
  /** [n, 3, 448, 448] */
  tiles: Tensor;
}

export type StepSample = PatchSample | TileSample;

/** Runs a sample through the model that it was prepared for. */
export function forwardSample(
  model: TrainableVlm,
  sample: StepSample,
  options: Pick<DecoderOptions, 'rows' | 'logits'>,
): Decoded {
  const ids = [sample.ids];
  if (model instanceof InternVL3) {
    if (!('tiles' in sample)) throw new TypeError('InternVL3 takes samples of tiles');
    return model.forward({ ids, visual: model.encodeVisual(sample.tiles), ...options });
  }
  if (!('patches' in sample)) throw new TypeError('Qwen2.5-VL takes samples of patches');
  const { positions_3BN } = sample;
  return model.forward({ ids, visual: model.encodeVisual(sample.patches, sample.grids), positions_3BN, ...options });
}
