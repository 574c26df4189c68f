import { type Field, type Fields, pick, resolve, type Values } from '@motion-enhancer/core/internal/config/field.js';
import { flagNames } from '@motion-enhancer/core/internal/config/flags.js';
import type { Protocol } from '@motion-enhancer/core/internal/eval/prompts/index.js';
import {
  type GenerationOptions,
  VIDEO_FIELDS,
  type VideoSettings,
  type VlmTraits,
} from '@motion-enhancer/core/internal/vlm/index.js';
import { UserError } from '@motion-enhancer/support';
import { GENERATION_FIELDS, generationOf } from './talk-options.js';

export const FAVOR_DICTIONARY_FIELD = {
  type: 'path',
  default: '',
  text: 'favor-open: FAVOR’s word lists (FAVOR_Dictionary) as one JSON file; by default our own lists read the captions',
} as const satisfies Field;

/** Settings of the frames and of decoding that the command line itself names: they stand above a protocol's. */
export function changedSettings(argv: readonly string[], fields: Fields): string[] {
  return flagNames(fields, argv).filter((name) => name in VIDEO_FIELDS || name in GENERATION_FIELDS);
}

/** Settings of a run: the protocol's, overridden by those that were given. */
export function settingsOfRun(
  protocol: Protocol,
  { frames }: Pick<VlmTraits, 'frames'>,
  values: Values<typeof VIDEO_FIELDS & typeof GENERATION_FIELDS>,
  given: readonly string[],
): { video: VideoSettings; decoding: Omit<GenerationOptions, 'onText'>; changed: string[] } {
  const said = (fields: Fields) =>
    Object.fromEntries(Object.entries(pick(fields, values)).filter(([name]) => given.includes(name)));
  const video = resolve(VIDEO_FIELDS, { ...protocol.video[frames], ...said(VIDEO_FIELDS) });
  const idle = 'decoding' in protocol ? undefined : given.find((name) => name in GENERATION_FIELDS);
  if (idle !== undefined)
    throw new UserError(
      `Expected no settings of replies with ${protocol.name} of ${protocol.benchmark}, which generates none, but received ${idle}. Leave it out, or choose another protocol.`,
      { code: 'ERR_VALUE' },
    );
  const own = 'decoding' in protocol ? protocol.decoding : {};
  const { seed, ...mine } = generationOf(values);
  const decoding = 'decoding' in protocol ? { ...own, ...mine, ...(given.includes('seed') ? { seed } : {}) } : {};
  const before = { ...resolve(VIDEO_FIELDS, { ...protocol.video[frames] }), ...own } as Record<string, unknown>;
  const now = { ...video, ...decoding } as Record<string, unknown>;
  const changed = given.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name])).sort();
  return { video, decoding, changed };
}
