import type { Fields, Values } from '../config/field.js';

/** What determines a prior, besides the model, the video and the text. All of it goes into the manifest and the key. */
export const PRIOR_FIELDS = {
  frames: {
    type: 'integer',
    default: 49,
    min: 1,
    max: 161,
    text: 'Most frames that the diffusion model sees; rounded down to 4k + 1',
    unit: 'frames',
  },
  height: {
    type: 'integer',
    default: 480,
    min: 16,
    max: 2160,
    text: 'Height that frames are resized to, a multiple of 16',
    unit: 'pixels',
  },
  width: {
    type: 'integer',
    default: 720,
    min: 16,
    max: 3840,
    text: 'Width that frames are resized to, a multiple of 16',
    unit: 'pixels',
  },
  steps: { type: 'integer', default: 5, min: 1, max: 1000, text: 'DDIM steps up, and as many down', paper: '5' },
  guidance: {
    type: 'number',
    default: 6,
    min: 0,
    text: 'Classifier-free guidance g of the reconstruction',
    paper: '6',
  },
  init: {
    type: 'choice',
    choices: ['random', 'inverted'],
    default: 'random',
    text: 'Start of the reconstruction: seeded noise, or the end of the inversion',
  },
  posterior: {
    type: 'choice',
    choices: ['mode', 'sample'],
    default: 'mode',
    text: 'What of the VAE posterior becomes x0',
  },
  oddLatents: {
    type: 'choice',
    choices: ['repeat-first', 'drop-frames'],
    default: 'repeat-first',
    text: 'With an odd number of latent frames: a copy of latent 0 in front, or fewer frames',
  },
  stream: {
    type: 'choice',
    choices: ['x', 'reference'],
    default: 'x',
    text: 'Whose attention is taken: the reconstruction, or the inverted latents beside it',
  },
  half: {
    type: 'choice',
    choices: ['positive', 'negative'],
    default: 'positive',
    text: 'Half of the guided batch whose attention is taken',
  },
  keys: {
    type: 'choice',
    choices: ['own', 'joint'],
    default: 'own',
    text: 'Keys that normalise the attention: the row’s own, or those of both streams',
  },
  stepsUsed: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Take the last N steps (the low-noise ones) only; 0 takes all',
    unit: 'steps',
  },
  squareSum: {
    type: 'choice',
    choices: ['auto', 'accumulate', 'replay'],
    default: 'auto',
    text: 'How Σ A² is had, exactly any way: one S × S map per head, or kept q, k rebuilt in tiles (on Hopper GPUs in one kernel); auto: that kernel if it fits, else accumulate',
  },
  headRatio: {
    type: 'number',
    default: 0.5,
    min: 0,
    max: 1,
    text: 'Share of heads kept by motion-sensitive head selection',
    paper: '0.5',
  },
  wordRatio: {
    type: 'number',
    default: 0.5,
    min: 0,
    max: 1,
    text: 'Share of words kept by motion-salient token identification',
    paper: '0.5',
  },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the noise' },
} as const satisfies Fields;

export type PriorConfig = Values<typeof PRIOR_FIELDS>;
