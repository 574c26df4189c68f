import type { Shard } from '@motion-enhancer/support';
import { type BadRow, mediaOf, type Row } from '../../data/rows.js';
import type { VideoSource } from '../video-source.js';

/** A row of the data file in its place, usable or not. */
export type Entry = { line: number; row: Row } | { line: number; bad: string };

/**
 * The rows of a run in the file's order: the first `limit` (0: all), of these every n-th from the i-th on. Malformed
 * rows count like others, so that a row stays in its shard when another one is mended.
 */
export function chooseRows(rows: readonly Row[], bad: readonly BadRow[], shard: Shard, limit: number): Entry[] {
  const entries: Entry[] = [
    ...rows.map((row) => ({ line: row.line, row })),
    ...bad.map(({ line, reason }) => ({ line, bad: reason })),
  ].sort((a, b) => a.line - b.line);
  return entries.slice(0, limit || undefined).filter((_, place) => place % shard.count === shard.index);
}

/** The video that a row's prior is of: its first one, a file, a part of one, or pictures. */
export const videoOf = (row: Row): VideoSource | undefined => mediaOf(row).find((medium) => medium.type === 'video');

/** A prior is one of a video: rows that have none are told like malformed ones. */
export function rowsOfVideos({ rows, bad }: { rows: readonly Row[]; bad: readonly BadRow[] }): {
  usable: Row[];
  bad: BadRow[];
} {
  const usable: Row[] = [];
  const others: BadRow[] = [];
  for (const row of rows) {
    if (videoOf(row)) usable.push(row);
    else others.push({ line: row.line, reason: 'it has no video, of which a prior could be made' });
  }
  return { usable, bad: [...bad, ...others] };
}
