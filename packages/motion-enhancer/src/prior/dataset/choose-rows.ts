import { UserError } from '@motion-enhancer/libtorch/errors';
import { type BadRow, mediaOf, type Row } from '../../data/rows.js';

/** A row of the data file in its place, usable or not. */
export type Entry = { line: number; row: Row } | { line: number; bad: string };

export interface Shard {
  index: number;
  count: number;
}

/** `i/n` with i from 0; '' is the whole. @throws UserError `ERR_VALUE` */
export function parseShard(text: string): Shard {
  if (text === '') return { index: 0, count: 1 };
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || count < 1 || index >= count) {
    throw new UserError(
      `Expected i/n with i from 0 to n − 1 for --shard but received "${text}". Two processes take 0/2 and 1/2.`,
      { code: 'ERR_VALUE' },
    );
  }
  return { index, count };
}

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

/** A prior is one of a whole video file: rows that have none are told like malformed ones. */
export function rowsOfVideos({ rows, bad }: { rows: readonly Row[]; bad: readonly BadRow[] }): {
  usable: Row[];
  bad: BadRow[];
} {
  const usable: Row[] = [];
  const others: BadRow[] = [];
  for (const row of rows) {
    const first = mediaOf(row).find((medium) => medium.type === 'video');
    if (first && 'path' in first && first.start === undefined) usable.push(row);
    else {
      const why = !first
        ? 'it has no video'
        : 'paths' in first
          ? 'its video is a list of pictures'
          : 'its video is a part (clip) of a file';
      others.push({ line: row.line, reason: `${why}, of which no prior is made` });
    }
  }
  return { usable, bad: [...bad, ...others] };
}
