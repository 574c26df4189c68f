import type { Fields } from '../config/field.js';

/** How a run works and is kept safe; none of it changes what is learned. */
export const RUN_FIELDS = {
  recompute: {
    type: 'choice',
    choices: ['blocks', 'vision', 'llm', 'none'],
    default: 'blocks',
    text: 'Activations in the backward pass: computed again block by block, in both towers or in one of them, or kept (faster, more memory)',
  },
  prefetch: { type: 'integer', default: 16, min: 1, text: 'Samples made ready ahead of the device', unit: 'samples' },
  workers: {
    type: 'integer',
    default: null,
    min: 0,
    text: 'Threads that decode images and videos ahead; 0: none. By default half of the cores, at most 8; on a CPU none',
  },
  maxBroken: {
    type: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    text: 'Stops when more than this share of the rows is broken',
  },
  saveEvery: {
    type: 'integer',
    default: 100,
    min: 0,
    text: 'Saves all that --resume needs every so many steps; 0: only when the run is told to stop',
    unit: 'steps',
  },
  keepStates: { type: 'integer', default: 2, min: 1, text: 'How many of these saved states are kept' },
} as const satisfies Fields;

/** Settings that may differ when a run goes on. */
export const FREE_TO_CHANGE: ReadonlySet<string> = new Set(Object.keys(RUN_FIELDS));
