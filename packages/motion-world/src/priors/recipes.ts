import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { PRIOR_FIELDS, type PriorConfig } from '@motion-enhancer/core/internal/prior/config.js';
import { PRESETS } from '@motion-enhancer/core/internal/prior/presets.js';

const FOUR = PRESETS['renoise-4'];

/** Priors without a reconstruction, as `extract` makes them of these options; arms of the world by name. */
const OPTIONS = {
  'renoise-4': FOUR,
  'renoise-2': PRESETS['renoise-2'],
  'renoise-1': PRESETS['renoise-1'],
  // One choice of renoise-4 another, from the plainest on.
  'renoise-4-t2v-change': { ...FOUR, direction: 'text-to-video', selection: 'change', spread: 0 },
  'renoise-4-t2v': { ...FOUR, direction: 'text-to-video', spread: 0 },
  'renoise-4-v2t': { ...FOUR, direction: 'video-to-text', spread: 0 },
  'renoise-4-both': { ...FOUR, spread: 0 },
  'renoise-4-change': { ...FOUR, selection: 'change' },
  'renoise-4-reliability': { ...FOUR, selection: 'reliability' },
  'renoise-4-difference': { ...FOUR, selection: 'difference' },
  'renoise-4-all-layers': { ...FOUR, spreadLayer: 'all' },
  difference: { mode: 'difference' },
  'difference-shifted': { mode: 'difference-shifted' },
} as const satisfies Record<string, Partial<PriorConfig>>;

export interface Recipe {
  name: string;
  config: PriorConfig;
}

/** All of them, with some options of a run. */
export const recipesWith = (run: Partial<PriorConfig>): Recipe[] =>
  Object.entries(OPTIONS).map(([name, options]) => ({ name, config: resolve(PRIOR_FIELDS, { ...options, ...run }) }));

export const RECIPES: readonly Recipe[] = recipesWith({});
