import { RUN_RECIPE } from '../runs/spec.js';
import { conditionOf } from './condition-text.js';
import type { RunResult, RunSetup } from './results.js';

export const SETUP: RunSetup = { recipe: RUN_RECIPE, dtype: 'float32', start: 'abc', clips: 800, testClips: 100 };

/** A run that answered so many of 100 questions of one type rightly, and half of 300 of another’s. */
export const testResult = (arm: string, seed: number, right: number): RunResult => ({
  ...{ arm: conditionOf(arm), seed, setup: SETUP, maps: arm.startsWith('plain') ? null : '4x4' },
  ...{ steps: 1, batchSize: 1, lr: 1, start: 'x', lossAr: 1, lossAlign: null, lambda: 1 },
  gradRatio: arm.startsWith('plain') ? null : 0.25,
  scores: { MR: [right, 100], MO: [150, 300] },
});
