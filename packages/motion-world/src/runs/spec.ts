import type { AlignerKind, AlignmentLoss } from '@motion-enhancer/core/internal/align/index.js';

/** One run of an experiment: a condition and a seed. */
export interface RunSpec {
  /** Name of the condition: runs of one seed in several conditions are pairs. */
  condition: string;
  /** Of the order of the data and of the aligner. */
  seed: number;
  /** Samples to train on: the first so many of the table. */
  data: number;
  /** Condition of the alignment table; null: L_AR alone. */
  prior: number | null;
  lambda: number;
  /** Holds λ‖∇L_MSE‖ / ‖∇L_AR‖ near this by moving λ; 0: λ stays. */
  lambdaRatio: number;
  aligner: AlignerKind;
  /** L_MSE of a sample: Eq 15's norm (the default), or its square. */
  loss?: Exclude<AlignmentLoss, 'min-max'>;
}

/** How all runs of an experiment are trained. */
export interface RunRecipe {
  steps: number;
  batchSize: number;
  lr: number;
  visionLr: number;
  weightDecay: number;
  warmupRatio: number;
  /** Of each run's own gradient. */
  maxGradNorm: number;
  /** Steps between measurements of ‖∇L_MSE‖ / ‖∇L_AR‖; 0: never. */
  ratioEvery: number;
  alignerWidth: number;
}

export const RUN_RECIPE: RunRecipe = {
  steps: 900,
  batchSize: 16,
  lr: 2e-4,
  visionLr: 4e-5,
  weightDecay: 0.1,
  warmupRatio: 0.03,
  maxGradNorm: 1,
  ratioEvery: 100,
  alignerWidth: 256,
};
