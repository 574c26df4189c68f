import type { Fields, Values } from '../config/field.js';
import { VIDEO_FIELDS } from '../vlm/media/video-input.js';
import { ALIGNMENT_FIELDS } from './recipe-alignment.js';
import { RUN_FIELDS } from './recipe-run.js';

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
  alignerLr: {
    type: 'number',
    default: null,
    min: 0,
    text: 'Peak learning rate of the aligner, where it is not that of the language model',
  },
  beta1: { type: 'number', default: 0.9, min: 0, max: 1, text: 'AdamW: decay of the first moment', paper: '0.9' },
  beta2: { type: 'number', default: 0.999, min: 0, max: 1, text: 'AdamW: decay of the second moment', paper: '0.999' },
  adamEps: {
    type: 'number',
    default: 1e-8,
    min: 0,
    text: 'AdamW: ε beside the root of the second moment',
    paper: '1e-8',
  },
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
  freeze: {
    type: 'strings',
    default: [],
    text: 'Parts that stay as they are: vision, merger, llm',
    paper: 'nothing is frozen',
  },
  lossOver: {
    type: 'choice',
    choices: ['samples', 'tokens'],
    default: 'samples',
    text: 'L_AR of a step: every sample counts alike, or every token of an answer',
  },
  gradients: {
    type: 'choice',
    choices: ['weights', 'float32'],
    default: 'weights',
    text: 'Gradients of a step’s samples add up in the weights’ dtype, or in float32 (two bytes a weight more, where weights are 16 bits)',
  },
  lengthWindow: {
    type: 'integer',
    default: 1,
    min: 1,
    text: 'Sorts the samples of so many steps by their work, so that alike ones make a step, and shuffles these steps; 1 leaves their order',
    unit: 'steps',
  },
  ...ALIGNMENT_FIELDS,
  deterministic: {
    type: 'boolean',
    default: false,
    text: 'On a GPU: asks for operators whose sums have one order, attention’s gradient too; an operator that has none is an error (slower; on a CPU runs repeat anyway)',
  },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the order of the data and of the aligner' },
  ...RUN_FIELDS,
  ...VIDEO_FIELDS,
} as const satisfies Fields;

export type Recipe = Values<typeof RECIPE_FIELDS>;
