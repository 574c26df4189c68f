import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Values } from '@motion-enhancer/core/internal/config/field.js';
import { type DType, scope, setNumerics, type Tensor } from '@motion-enhancer/libtorch';
import type { Tokenizer } from '@motion-enhancer/models';
import type { SegmentLine } from '../train/segment.js';
import { type Parts, writeVdm } from './checkpoint.js';
import { clipBank, emptyIds, textBank } from './clip-bank.js';
import { freePart, startParts } from './parts.js';
import { MINI_VDM, TINY_VDM } from './sizes.js';
import { checkStart, loadInto } from './start-from.js';
import { writeWorldTokenizer } from './tokenizer.js';
import type { VDM_TRAINING_FIELDS } from './train-options.js';
import { trainTransformer } from './train-transformer.js';
import { encodeBank, trainVae } from './train-vae.js';
import { vdmCard } from './vdm-card.js';

export interface VdmTraining extends Values<typeof VDM_TRAINING_FIELDS> {
  out: string;
  /** A pipeline folder whose weights to start from: `vae`, or all parts. */
  from: string;
  /** `vae`: take the autoencoder alone, and train it no more; `all`: go on from every part */
  fromParts: 'vae' | 'all';
  device: string;
  dtype: DType;
  command: string;
  onStage(name: string): void;
  onProgress(stage: string, done: number, total: number, note?: string): void;
  onLine(line: string): void;
}

export interface VdmTrainingResult {
  checkpoint: string;
  finished: boolean;
}

/**
 * Trains a mini CogVideoX: the autoencoder first, then transformer and text encoder on its latents. Each segment ends after
 * `seconds` and leaves its states in `out`; the next one goes on.
 * @throws UserError ERR_VALUE where `from` is in `out`, ERR_CHECKPOINT where it is of other sizes
 */
export async function trainVdm(o: VdmTraining): Promise<VdmTrainingResult> {
  if (o.from) checkStart(o.from, o.out);
  if (o.device !== 'cpu') setNumerics('cudnnBenchmark', true);
  const ends = performance.now() + o.seconds * 1000;
  const tokenizer = writeWorldTokenizer(join(o.out, 'tokenizer'));
  const sizes = { ...(o.model === 'mini' ? MINI_VDM : TINY_VDM), vocabSize: tokenizer.vocabSize };
  const parts: Parts = startParts(sizes, o.seed, o.device);
  try {
    if (o.from) loadInto(o.from, parts, o.fromParts === 'vae' ? ['vae'] : ['vae', 'transformer', 'text']);
    o.onStage('clips');
    const bank = await clipBank({ ...o, onClips: (done) => o.onProgress('clips', done, o.clips) });
    try {
      return trainParts(o, parts, { bank, tokenizer, maxTextTokens: sizes.maxTextTokens, ends });
    } finally {
      bank.dispose();
    }
  } finally {
    for (const part of Object.values(parts)) freePart(part);
  }
}

interface Material {
  /** uint8 [clips, frames, size, size, 3]; freed as soon as its latents are there. */
  bank: Tensor;
  tokenizer: Tokenizer;
  maxTextTokens: number;
  /** When the segment ends, as `performance.now()` has it. */
  ends: number;
}

function trainParts(
  o: VdmTraining,
  parts: Parts,
  { bank, tokenizer, maxTextTokens, ends }: Material,
): VdmTrainingResult {
  const dtype = o.dtype === 'float32' ? 'float32' : 'bfloat16';
  const left = () => Math.max(0, (ends - performance.now()) / 1000);
  const dir = (name: string) => join(o.out, name);
  const checkpoint = dir('checkpoint');
  const log = (stage: string) => (line: SegmentLine) =>
    o.onLine(
      `${stage} step ${line.step}/${line.total}  loss ${line.loss.toFixed(5)}  |g| ${line.gradNorm.toFixed(3)}  lr ${line.lr.toExponential(2)}  ${(line.secondsPerStep * 1000).toFixed(1)} ms/step`,
    );
  if (!o.from && existsSync(dir('vae-done'))) loadInto(dir('vae-done'), parts, ['vae']);
  else if (!o.from) {
    o.onStage('vae');
    const done = trainVae(parts.vae, {
      ...{ out: dir('vae'), bank, steps: o.vaeSteps, batch: o.vaeBatch, lr: o.vaeLr, seconds: left() },
      ...{ seed: o.seed, dtype, onLog: log('vae') },
    });
    if (!done) return { checkpoint, finished: false };
  }
  o.onStage('latents');
  const latents = encodeBank(parts.vae, bank, dtype);
  o.onLine(`latents [${latents.shape.join(', ')}], scaling_factor ${parts.vae.config.scaling_factor}`);
  bank.dispose();
  if (!o.from) writeVdm(dir('vae-done'), parts, vdmCard(o));
  const ids = textBank({ ...o, tokenizer, maxLength: maxTextTokens });
  const empty = emptyIds(tokenizer, maxTextTokens, o.device);
  o.onStage('transformer');
  let step = 0;
  try {
    step = scope(() =>
      trainTransformer(parts.transformer, parts.text, {
        ...{ out: dir('transformer'), bank: { latents, ids, empty }, steps: o.steps, batch: o.batch, lr: o.lr },
        ...{ noisy: o.noisy, ema: o.ema, seconds: left(), seed: o.seed, onLog: log('transformer') },
        recorded: o.device !== 'cpu' && o.graph,
      }),
    );
  } finally {
    for (const tensor of [latents, ids, empty]) tensor.dispose();
  }
  writeVdm(checkpoint, parts, vdmCard(o));
  return { checkpoint, finished: step >= o.steps };
}
