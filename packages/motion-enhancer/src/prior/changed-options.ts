import type { Fields } from '../config/field.js';
import { PRIOR_FIELDS } from './config.js';

/** The options of a prior that differ from the defaults, as text. */
export function changedOptions(options: object): string {
  const changed = Object.entries(options).filter(([name, value]) => (PRIOR_FIELDS as Fields)[name]?.default !== value);
  return changed.map(([name, value]) => `${name} ${value}`).join(', ') || 'defaults';
}
