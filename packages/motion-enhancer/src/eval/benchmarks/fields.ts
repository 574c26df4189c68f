// Fields of published rows: what is not as expected makes a row malformed, with the reason.
import { LETTERS } from './question.js';

export type Raw = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Raw {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Raw;
  throw new Error('not an object');
}

export function textOf(row: Raw, field: string): string {
  const value = row[field];
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw new Error(value === undefined ? `no ${field}` : `${field} is no text`);
}

/** An id, which some files have as a number. */
export function idOf(row: Raw, field: string): string {
  const value = row[field];
  if (typeof value === 'number') return String(value);
  return textOf(row, field);
}

export function listOf(row: Raw, field: string): readonly unknown[] {
  const value = row[field];
  if (Array.isArray(value)) return value;
  throw new Error(value === undefined ? `no ${field}` : `${field} is no list`);
}

/** At least two options, none of them empty. */
export function optionsOf(row: Raw, field: string): string[] {
  const options = listOf(row, field);
  if (options.length < 2 || options.length > LETTERS.length)
    throw new Error(`${options.length} options in ${field}, not 2 to ${LETTERS.length}`);
  return options.map((option) => {
    if (typeof option === 'string' && option.trim() !== '') return option;
    throw new Error(`an option in ${field} is no text`);
  });
}

/** The option that a letter names. */
export function lettered(letters: readonly string[], options: readonly string[], answer: string): string {
  const place = letters.indexOf(answer.trim());
  if (place >= 0) return options[place]!;
  throw new Error(`its answer ${JSON.stringify(answer)} is none of ${letters.join(', ')}`);
}
