import { type Generator, noGrad, rand, randint, randn, type Tensor, tensor, where } from '@motion-enhancer/libtorch';
import {
  alphaBarTable,
  COGVIDEOX_SCHEDULE,
  differentiableForward,
  relativeBuckets,
  type TrainingPositions,
  t5Forward,
  trainingPositions,
} from '@motion-enhancer/models';
import type { textEncoderOf, transformerOf } from './parts.js';

/** What the transformer is trained on, all of it on the device. */
export interface LatentBank {
  /** Scaled latents: [clips, Flat, C, h, w] */
  latents: Tensor;
  /** Token ids of each clip's texts: int64 [clips, texts, T] */
  ids: Tensor;
  /** Ids of the empty text: int64 [T] */
  empty: Tensor;
}

export interface DenoiseTables {
  /** √ᾱ and √(1 − ᾱ) of every level: [1000] */
  signal: Tensor;
  noise: Tensor;
  positions: TrainingPositions;
  buckets: Tensor;
}

/** How often the text is left out, so that guidance has something to steer away from. */
const DROP = 0.1;
/** How often the first text, the caption, is taken. */
const CAPTION = 0.75;

export function denoiseTables(
  bank: LatentBank,
  transformer: ReturnType<typeof transformerOf>['config'],
  text: ReturnType<typeof textEncoderOf>['config'],
): DenoiseTables {
  const { device, dtype } = bank.latents;
  const table = alphaBarTable(COGVIDEOX_SCHEDULE);
  const of = (f: (a: number) => number) => tensor(Array.from(table, f), { dtype: 'float32', device });
  const T = bank.empty.size(0);
  return {
    signal: of(Math.sqrt),
    noise: of((a) => Math.sqrt(1 - a)),
    positions: trainingPositions(transformer, bank.latents.narrow(0, 0, 1).to(dtype), T),
    buckets: relativeBuckets(T, text, device),
  };
}

/** What one step is trained on. */
export interface DenoiseBatch {
  /** Noisy latents and the v to predict: [B, Flat, C, h, w] */
  x: Tensor;
  v: Tensor;
  /** Levels, int64 [B], and token ids, int64 [B, T]. */
  level: Tensor;
  ids: Tensor;
}

/**
 * Draws clips, levels, noise and texts from `generator`, which is the device's.
 * @param noisy share of levels that come from the upper half, the others from all: below it a still thing is so well seen,
 *   over many frames, that there is nothing to decide
 */
export function denoiseBatch(
  bank: LatentBank,
  batch: number,
  noisy: number,
  tables: DenoiseTables,
  generator: Generator,
): DenoiseBatch {
  const { device, dtype } = bank.latents;
  const on = { generator, device };
  return noGrad(() => {
    const [clips, texts] = [bank.latents.size(0), bank.ids.size(1)];
    const index = randint(0, clips, [batch], on);
    const x0 = bank.latents.indexSelect(0, index);
    const upper = rand([batch], on).lt(noisy);
    const level = where(upper, randint(500, 1000, [batch], on), randint(0, 1000, [batch], on));
    const noise = randn(x0.shape, { ...on, dtype });
    const by = (table: Tensor) => table.indexSelect(0, level).reshape(-1, 1, 1, 1, 1).to(dtype);
    const [a, b] = [by(tables.signal), by(tables.noise)];
    const choice = randint(1, Math.max(2, texts), [batch], on);
    const which = where(rand([batch], on).lt(CAPTION), choice.mul(0), choice);
    const rows = bank.ids.reshape(clips * texts, -1).indexSelect(0, index.mul(texts).add(which));
    const ids = where(rand([batch, 1], on).lt(DROP), bank.empty.unsqueeze(0), rows);
    return { x: x0.mul(a).add(noise.mul(b)), v: noise.mul(a).sub(x0.mul(b)), level, ids };
  });
}

/** v-prediction over the zero-terminal-SNR schedule: mean of (v̂ − v)², v = √ᾱ ε − √(1 − ᾱ) x0. */
export function denoiseLoss(
  { x, v, level, ids }: DenoiseBatch,
  transformer: ReturnType<typeof transformerOf>,
  text: ReturnType<typeof textEncoderOf>,
  tables: DenoiseTables,
): Tensor {
  const states = t5Forward(ids, text.weights, text.config, tables.buckets);
  const { weights, config } = transformer;
  const predicted = differentiableForward(x, states, level, { weights, config, positions: tables.positions });
  return predicted.sub(v).to('float32').square().mean();
}
