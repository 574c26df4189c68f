import type { PriorConfig } from './config.js';

/** Options beyond the defaults, by name. */
const RENOISE = {
  mode: 'renoise',
  unit: 'layer-head',
  headCount: 4,
  direction: 'both',
  selection: 'change-reliability',
  spread: 2,
  spreadLayer: 'middle',
} as const satisfies Partial<PriorConfig>;

/**
 * Sets of options that belong together; whatever else is asked for goes over them. `paper` is the defaults; `renoise-N`
 * are maps of N forward passes (docs/results/world-renoise.md says how they do).
 */
export const PRESETS = {
  paper: {},
  'renoise-4': { ...RENOISE, levels: '100,200,300,400' },
  'renoise-2': { ...RENOISE, levels: '200', draws: 2 },
  // One pass cannot say how alike maps of several are.
  'renoise-1': { ...RENOISE, levels: '200', selection: 'change' },
} as const satisfies Record<string, Partial<PriorConfig>>;

export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as Preset[];
