import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { expected } from '@motion-enhancer/support';

/** The diffusion pass over clips of the world; defaults are the paper's where it has them. */
export const PASS_FIELDS = {
  steps: { type: 'integer', default: 5, min: 1, max: 1000, text: 'DDIM steps up, and as many down', paper: '5' },
  last: {
    type: 'integer',
    default: null,
    min: 1,
    text: 'How many of the last steps the arms named last average; by default 2 where there are more than two, else 1',
    unit: 'steps',
  },
  guidance: { type: 'number', default: 6, min: 0, text: 'Classifier-free guidance of the reconstruction', paper: '6' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the noise that the reconstruction starts from' },
  batch: { type: 'integer', default: 8, min: 1, text: 'Clips at a time' },
  unitClips: {
    type: 'integer',
    default: 32,
    min: 1,
    text: 'Train clips over which the units of the fixed arms are chosen',
  },
} as const satisfies Fields;

/** How many of the last steps are averaged apart. @throws UserError ERR_VALUE for more than there are */
export function lastSteps({ steps, last }: { steps: number; last: number | null }): number {
  if (last !== null && last > steps) throw expected(`at most ${steps}, the number of steps,`, 'last', last);
  return last ?? Math.max(1, Math.min(2, steps - 1));
}
