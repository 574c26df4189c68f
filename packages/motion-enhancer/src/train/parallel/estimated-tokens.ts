import { mediaOf, type Row } from '../../data/rows.js';

/** Characters of text a token, and what media are guessed at: their files are read by one rank only. */
const CHARACTERS = 4;
const VIDEO = 2000;
const IMAGE = 300;

/**
 * A guess at a row's tokens from the row alone: every rank makes the same one before any file is read, and it does not
 * change when a run goes on.
 */
export function estimatedTokens(row: Row): number {
  const text = row.turns.reduce((n, { content }) => n + content.length, 0) / CHARACTERS;
  return mediaOf(row).reduce((n, { type }) => n + (type === 'video' ? VIDEO : IMAGE), 1 + text);
}
