import { UserError } from '@motion-enhancer/support';
import type { PriorConfig } from './config.js';
import { passesOf } from './diffusion/noise-levels.js';

/** Whether maps come from attention, or from the latents alone. */
export const fromAttention = ({ mode }: Pick<PriorConfig, 'mode'>): boolean => mode === 'invert' || mode === 'renoise';

/** Whether heads are ordered by how alike their maps are between draws of noise. */
export const byReliability = ({ selection }: Pick<PriorConfig, 'selection'>): boolean =>
  selection === 'reliability' || selection === 'change-reliability';

/** @throws UserError `ERR_VALUE` for options that contradict each other */
export function checkOptions(o: PriorConfig): void {
  const wrong = (sentence: string) => new UserError(sentence, { code: 'ERR_VALUE' });
  const passes = o.mode === 'renoise' ? passesOf(o) : 0;
  if (o.mode !== 'invert' && o.keepStrip)
    throw wrong(`Expected mode invert for keepStrip but received ${o.mode}, which reconstructs nothing.`);
  if (!fromAttention(o)) {
    const heads = (['keepHeads', 'keepAllHeads'] as const).find((name) => o[name]);
    if (heads) throw wrong(`Expected mode invert or renoise for ${heads} but received ${o.mode}, which has no heads.`);
    return;
  }
  if (byReliability(o) && passes < 2)
    throw wrong(
      `Expected mode renoise with two passes or more (levels, draws) for selection ${o.selection} but received ` +
        `${o.mode === 'renoise' ? 'one pass' : `mode ${o.mode}`}. It compares maps of different noise; selection change needs one.`,
    );
  if (o.spread > 0 && !/^(middle|all|\d+)$/.test(o.spreadLayer))
    throw wrong(`Expected middle, all, or a layer's number from 0 for spreadLayer but received ${o.spreadLayer}.`);
}

const OF_INVERT = ['steps', 'guidance', 'init', 'stream', 'half', 'keys', 'stepsUsed', 'keepStrip'] as const;
const OF_RENOISE = ['levels', 'draws'] as const;
const OF_HEADS = [
  'direction',
  'selection',
  'unit',
  'headRatio',
  'headCount',
  'spread',
  'spreadLayer',
  'squareSum',
] as const;
const OF_WORDS = ['subWords', 'wordRatio'] as const;

/** Options that do nothing in the mode that is chosen. */
export function unusedOptions({ mode }: Pick<PriorConfig, 'mode'>): readonly (keyof PriorConfig)[] {
  if (mode === 'invert') return OF_RENOISE;
  if (mode === 'renoise') return OF_INVERT;
  return [...OF_INVERT, ...OF_RENOISE, ...OF_HEADS, ...OF_WORDS];
}
