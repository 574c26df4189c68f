import { EXACT } from './compare.js';
import type { Check } from './part.js';

/** The line of what could not be read or computed: it says why. */
export function failedCheck(name: string, error: unknown): Check {
  const note = error instanceof Error ? error.message.split('\n')[0]! : String(error);
  return { name, maxAbs: Number.NaN, maxRel: Number.NaN, tolerance: EXACT, ok: false, note };
}
