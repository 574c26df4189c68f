import type { Fields, Values } from '../config/field.js';
import { VIDEO_FIELDS } from '../vlm/video-input.js';

/** The paper's recipe (Section 5.2), every number a setting. */
export const RECIPE_FIELDS = {
  epochs: { type: 'number', default: 1, min: 0, text: 'Passes over the data', paper: '1' },
  steps: { type: 'integer', default: 0, min: 0, text: 'Stop after so many steps; 0: as the epochs say', unit: 'steps' },
  batchSize: {
    type: 'integer',
    default: 8,
    min: 1,
    text: 'Samples per step, accumulated one by one',
    unit: 'samples',
    paper: '8',
  },
  lr: {
    type: 'number',
    default: 1e-5,
    min: 0,
    text: 'Peak learning rate of the language model and the aligner',
    paper: '1e-5',
  },
  mergerLr: { type: 'number', default: 1e-5, min: 0, text: 'Peak learning rate of the merger', paper: '1e-5' },
  visionLr: { type: 'number', default: 2e-6, min: 0, text: 'Peak learning rate of the vision tower', paper: '2e-6' },
  weightDecay: {
    type: 'number',
    default: 0.1,
    min: 0,
    text: 'Weight decay; none on biases and norm weights',
    paper: '0.1',
  },
  warmupRatio: {
    type: 'number',
    default: 0.03,
    min: 0,
    max: 1,
    text: 'Share of the steps that warm up; a cosine follows',
    paper: '0.03',
  },
  maxGradNorm: { type: 'number', default: 1, min: 0, text: 'Gradients are scaled down to this norm; 0 leaves them' },
  lambda: { type: 'number', default: 1, min: 0, text: 'λ of L = L_AR + λ L_MSE; 0 trains without priors', paper: '1' },
  alignmentLoss: {
    type: 'choice',
    choices: ['norm', 'squared', 'min-max'],
    default: 'norm',
    text: 'L_MSE: the un-squared norm of Eq 15, its square, or the mean square of maps stretched to [0, 1]',
  },
  aligner: {
    type: 'choice',
    choices: ['mlp', 'pointwise', 'identity'],
    default: 'mlp',
    text: 'Maps the VLM’s attention to the prior’s space',
    paper: 'mlp',
  },
  alignerWidth: { type: 'integer', default: 1024, min: 1, text: 'Hidden width of the aligner' },
  maxCells: { type: 'integer', default: 4096, min: 1, text: 'Most cells S of the alignment grid', unit: 'cells' },
  heads: {
    type: 'choice',
    choices: ['kept', 'all'],
    default: 'kept',
    text: 'Prior over motion-sensitive heads, or over all (ablation without MHS)',
  },
  words: {
    type: 'choice',
    choices: ['kept', 'all'],
    default: 'kept',
    text: 'Motion-salient words, or all (ablation without MTTI)',
  },
  wordRatio: { type: 'number', default: 0.5, min: 0, max: 1, text: 'Share of words that MTTI keeps', paper: '0.5' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the order of the data and of the aligner' },
  ...VIDEO_FIELDS,
} as const satisfies Fields;

export type Recipe = Values<typeof RECIPE_FIELDS>;
