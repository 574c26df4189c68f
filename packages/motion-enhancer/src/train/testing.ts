// What the tests of training and of the command line share: a small random VLM, made-up priors, short videos.
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rand, scope } from '@motion-enhancer/libtorch';
import { writeRandomQwen25VL } from '@motion-enhancer/models';
import { hashFile } from '@motion-enhancer/support';
import { fixture } from '@motion-enhancer/support/testing';
import { resolve } from '../config/field.js';
import type { Row } from '../data/rows.js';
import { PRIOR_FIELDS } from '../prior/config.js';
import type { PriorInfo } from '../prior/store/prior.js';
import { PriorStore } from '../prior/store/store.js';
import { keptWords } from '../testing/kept-words.js';
import { RECIPE_FIELDS, type Recipe } from './recipe.js';
import type { StepLog } from './record/step-log.js';

export const VIDEO = fixture('videos/hfdatasets_66x50.mov');
export const OTHER_VIDEO = fixture('videos/made_odd_35x27.mkv');
export const BROKEN_VIDEO = fixture('videos/made_audio_only.m4a');
export const TEXT = 'A dog jumps over a fence and runs away.';

/** A random VLM of two layers with a real tokenizer. */
export function writeTestVlm(dir: string, seed = 1, hiddenSize = 32): string {
  writeRandomQwen25VL(dir, { seed, layers: 2, hiddenSize, dtype: 'float32' });
  const tokenizer = fixture('tokenizers/qwen2');
  for (const name of readdirSync(tokenizer)) copyFileSync(join(tokenizer, name), join(dir, name));
  writeFileSync(join(dir, 'RANDOM_WEIGHTS'), 'random\n');
  return dir;
}

/** The smallest run that has all parts of a large one. */
export const testRecipe = (given: Partial<Recipe> = {}): Recipe =>
  resolve(RECIPE_FIELDS, {
    steps: 2,
    batchSize: 1,
    lr: 1e-3,
    mergerLr: 1e-3,
    visionLr: 2e-4,
    alignerWidth: 16,
    maxPixels: 3136,
    maxBroken: 1,
    ratioEvery: 0,
    ...given,
  });

export function row(id: string, given: Partial<Row> = {}): Row {
  const turns: Row['turns'] = [
    { role: 'user', content: 'What happens?' },
    { role: 'assistant', content: TEXT },
  ];
  return { id, video: VIDEO, turns, line: 1, ...given };
}

/** What a prior of a video says of it. */
export const seen = (file: string): PriorInfo['video'] => ({
  file,
  sha256: hashFile(file),
  verdict: 'ok',
  frames: [0, 1],
  seconds: [0, 0.1],
});

/** Writes a prior of random maps for `id`; all heads' maps differ from those of the kept ones. */
export function writePrior(dir: string, id: string, given: Partial<PriorInfo> = {}): PriorInfo {
  const text = given.text ?? TEXT;
  const words = keptWords(text);
  const info: PriorInfo = {
    format: 1,
    id,
    key: `key-${id}-${given.createdAt ?? ''}`,
    text,
    words,
    heads: [{ dfc: 0.1, tcs: 1, dsr: 0.5, score: 0.25, rank: 0, kept: true }],
    grid: { frames: 2, height: 3, width: 4 },
    cell: { pixelHeight: 16, pixelWidth: 16, frames: [], seconds: [] },
    video: seen(VIDEO),
    model: { vdm: 'm', sha256: 'bb', weights: 'trained', dtype: 'float32', device: 'cpu' },
    options: resolve(PRIOR_FIELDS, {}),
    code: 'test',
    createdAt: '2026-01-01T00:00:00.000Z',
    ...given,
  };
  const { frames, height, width } = info.grid;
  scope(() => {
    const maps = () => rand([info.words.length, frames, height, width]).mul(1e-3);
    new PriorStore(dir).write({ info, rows_WFHW: maps(), allHeads_WFHW: maps() });
  });
  return info;
}

/** A log without what the clock says. */
export const timeless = (log: readonly StepLog[]) =>
  log.map(({ seconds, tokensPerSecond, waitSeconds, etaSeconds, memoryBytes, mfu, ...rest }) => rest);
