import type { Grid } from '@motion-enhancer/models';
import { numberOf } from './number-of.js';

/** One case of the mRoPE goldens: a sequence, or a batch of them with what its padding masks. */
export interface MropeCase {
  name?: string;
  input_ids: number[] | number[][];
  /** 0 where a batch is padded. */
  attention_mask?: number[] | number[][] | null;
  image_grid_thw?: Grid[] | null;
  video_grid_thw?: Grid[] | null;
  /** One per video of the batch. */
  second_per_grid_ts?: number[] | null;
  /** [3][N], or [3][B][N] of a batch. */
  position_ids: number[][] | number[][][];
  delta?: number | number[] | number[][];
}

export interface MropeSequence {
  ids: number[];
  grids: Grid[];
  seconds: number[] | null;
  positions: [t: number[], h: number[], w: number[]];
  /** Relative to the padded length; null where the case does not give it. */
  delta: number | null;
  padding: number;
}

/** What marks the tokens of media, and how many patches a token joins along each side. */
export interface MediaTokens {
  image: number;
  video: number;
  merge: number;
}

/**
 * The sequences of a case without their padding. Grids are the case's own where it gives them; else they are read off the
 * tokens of each medium and their positions.
 */
export function mropeSequences(one: MropeCase, media: MediaTokens): MropeSequence[] {
  const batched = Array.isArray(one.input_ids[0]);
  const rows = (batched ? one.input_ids : [one.input_ids]) as number[][];
  const masks = (batched || !one.attention_mask ? one.attention_mask : [one.attention_mask]) as number[][] | null;
  const axes = (batched ? one.position_ids : one.position_ids.map((axis) => [axis])) as number[][][];
  const deltas = one.delta === undefined ? [] : [one.delta].flat(2);
  const given = { image: [...(one.image_grid_thw ?? [])], video: [...(one.video_grid_thw ?? [])] };
  let videos = 0;
  return rows.map((row, b) => {
    const kept = row.flatMap((_, n) => (masks?.[b]?.[n] === 0 ? [] : [n]));
    const at = (values: readonly number[] | undefined) =>
      kept.map((n) => numberOf(values?.[n], 'each token and position'));
    const ids = at(row);
    const positions: MropeSequence['positions'] = [at(axes[0]?.[b]), at(axes[1]?.[b]), at(axes[2]?.[b])];
    const found = mediaOf(ids, positions, given, media);
    const first = videos;
    videos += found.filter(({ video }) => video).length;
    return {
      ids,
      grids: found.map(({ grid }) => grid),
      seconds: one.second_per_grid_ts?.slice(first, videos) ?? null,
      positions,
      delta: deltas[b] ?? null,
      padding: row.length - kept.length,
    };
  });
}

/** Images and videos in their order. */
function mediaOf(
  ids: readonly number[],
  positions: MropeSequence['positions'],
  given: Record<'image' | 'video', Grid[]>,
  { image, video, merge }: MediaTokens,
): { grid: Grid; video: boolean }[] {
  const media: { grid: Grid; video: boolean }[] = [];
  for (let i = 0; i < ids.length; ) {
    if (ids[i] !== image && ids[i] !== video) {
      i++;
      continue;
    }
    const kind = ids[i] === image ? 'image' : 'video';
    const grid = given[kind].shift() ?? gridAt(i, ids, positions, merge);
    media.push({ grid, video: kind === 'video' });
    i += (grid[0] * grid[1] * grid[2]) / merge ** 2;
  }
  return media;
}

/** The grid of the medium whose first token is `start`: its columns count on, then its rows, then frames repeat both. */
function gridAt(start: number, ids: readonly number[], [, h, w]: MropeSequence['positions'], merge: number): Grid {
  const isAt = (n: number, row: number, column: number) =>
    ids[n] === ids[start] && h[n] === h[start]! + row && w[n] === w[start]! + column;
  let columns = 1;
  while (isAt(start + columns, 0, columns)) columns++;
  let rows = 1;
  while (isAt(start + rows * columns, rows, 0)) rows++;
  let frames = 1;
  while (isAt(start + frames * rows * columns, 0, 0)) frames++;
  return [frames, rows * merge, columns * merge];
}
