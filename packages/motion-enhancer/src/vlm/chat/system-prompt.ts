import { DEFAULT_SYSTEM, INTERNVL3_SYSTEM } from '@motion-enhancer/models';

/**
 * The system prompt that a setting means: `auto` is the checkpoint's own (`own`), `none` no system turn, `qwen` and
 * `internvl` those families' texts, anything else itself.
 */
export function systemOf<T extends string | null | undefined>(setting: string, own: T): string | null | T {
  if (setting === 'auto') return own;
  if (setting === 'none') return null;
  if (setting === 'qwen') return DEFAULT_SYSTEM;
  return setting === 'internvl' ? INTERNVL3_SYSTEM : setting;
}
