import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { CLIP_FIELDS } from '../fields.js';

/** The recipe of the mini CogVideoX; defaults are those of the shipped checkpoint. */
export const VDM_TRAINING_FIELDS = {
  world: CLIP_FIELDS.world,
  model: { type: 'choice', choices: ['mini', 'tiny'], default: 'mini', text: 'tiny: for trying the command out' },
  clips: {
    type: 'integer',
    default: 60000,
    min: 1,
    text: 'Different clips, of the splits train and pretrain by turns',
  },
  vaeSteps: { type: 'integer', default: 3000, min: 0, text: 'Steps of the autoencoder' },
  vaeBatch: { type: 'integer', default: 96, min: 1, text: 'Windows of 2 frames in a step of the autoencoder' },
  vaeLr: { type: 'number', default: 2e-3, min: 0, text: 'Peak learning rate of the autoencoder' },
  steps: { type: 'integer', default: 14000, min: 0, text: 'Steps of transformer and text encoder' },
  batch: { type: 'integer', default: 128, min: 1, text: 'Clips in a step of the transformer' },
  lr: { type: 'number', default: 1e-3, min: 0, text: 'Peak learning rate of the transformer' },
  ema: { type: 'number', default: 0.9995, min: 0, max: 1, text: 'Decay of the running average of the weights' },
  noisy: {
    type: 'number',
    default: 0.75,
    min: 0,
    max: 1,
    text: 'Share of noise levels drawn from the upper half, where shapes and places are decided; the rest from all',
  },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of weights, noise and order' },
  seconds: {
    type: 'number',
    default: 1e6,
    min: 0,
    text: 'Length of this segment: the next call goes on',
    unit: 'seconds',
  },
  workers: { type: 'integer', default: 12, min: 0, text: 'Threads that make clips' },
  graph: {
    type: 'boolean',
    default: true,
    text: 'On a GPU: record the passes of a step once, as a CUDA graph; a CPU does without',
  },
  frames: { type: 'integer', default: 16, min: 4, text: 'Frames of a clip' },
  size: { type: 'integer', default: 64, min: 16, text: 'Height and width of a clip', unit: 'pixels' },
} as const satisfies Fields;

/** Up over the first 2 % (at most 300 steps), then half a cosine down to a twentieth. */
export function warmCosine(step: number, total: number, peak: number): number {
  const warm = Math.min(300, Math.ceil(total * 0.02));
  if (step < warm) return (peak * (step + 1)) / warm;
  const share = (step - warm) / Math.max(1, total - warm);
  return peak * (0.05 + 0.95 * 0.5 * (1 + Math.cos(Math.PI * share)));
}
