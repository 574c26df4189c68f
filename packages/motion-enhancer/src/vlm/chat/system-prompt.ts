import { vlmFamilies } from '../families/table.js';

/**
 * The system prompt that a setting means: `auto` is the checkpoint's own (undefined), `none` no system turn (null), a name
 * of a family's `systemPrompts` that text, anything else itself.
 */
export function systemOf(setting: string): string | null | undefined {
  if (setting === 'auto') return undefined;
  if (setting === 'none') return null;
  for (const { systemPrompts = {} } of vlmFamilies())
    if (Object.hasOwn(systemPrompts, setting)) return systemPrompts[setting];
  return setting;
}

/** Names that `systemOf` knows. */
export const systemNames = (): string[] =>
  vlmFamilies().flatMap(({ systemPrompts = {} }) => Object.keys(systemPrompts));
