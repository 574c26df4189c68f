import { DIRECTIONS, type Direction, type Scene } from '../generate/index.js';
import type { Thing } from './thing.js';

/** A motion that can be read off places and areas alone; `none`: too little of it. */
export type Motion =
  | { kind: 'slide'; direction: Direction | 'none' }
  | { kind: 'resize'; way: 'grows' | 'shrinks' | 'none' };

/** Least shift between the means of the first and last quarters, in pixels; slides go 13 and more between the ends. */
const LEAST_SHIFT = 5;
/** Least change of the log of the area; it is 0.9 and more between the ends. */
const LEAST_GROWTH = 0.25;

/**
 * What a scene's one thing does, where that can be scored: one slide, alone or before or after a wait or a spin; growing
 * and shrinking. null for swaying, hopping, spinning on the spot, and two slides.
 */
export function scoredMotion({ objects, mover }: Scene): Motion | null {
  const actions = mover === null ? [] : objects[mover]!.actions;
  const slides = actions.flatMap((action) => (action.kind === 'slide' ? [action.direction] : []));
  const others = actions.filter(({ kind }) => kind !== 'slide' && kind !== 'wait' && kind !== 'spin');
  if (slides.length === 1 && others.length === 0) return { kind: 'slide', direction: slides[0]! };
  const [only] = actions;
  if (actions.length === 1 && only?.kind === 'resize')
    return { kind: 'resize', way: only.amount > 0 ? 'grows' : 'shrinks' };
  return null;
}

/**
 * What a thing does, seen in the means over the first and the last quarter of the frames; null where it is not seen in
 * one of them. From frame to frame it goes the shorter way round a world that repeats.
 * @param things the thing in each frame; null: not found there
 * @param size side of the picture in pixels
 */
export function seenMotion(kind: Motion['kind'], things: readonly (Thing | null)[], size: number): Motion | null {
  const quarter = Math.max(1, Math.floor(things.length / 4));
  const path = kind === 'slide' ? unrolled(things, size) : things;
  const first = path.slice(0, quarter).filter((thing) => thing !== null);
  const last = path.slice(-quarter).filter((thing) => thing !== null);
  if (first.length === 0 || last.length === 0) return null;
  const change = (of: (thing: Pick<Thing, 'x' | 'y' | 'area'>) => number) => mean(last.map(of)) - mean(first.map(of));
  if (kind === 'resize') {
    const growth = change(({ area }) => Math.log(area));
    return { kind, way: Math.abs(growth) < LEAST_GROWTH ? 'none' : growth > 0 ? 'grows' : 'shrinks' };
  }
  const [dx, dy] = [change(({ x }) => x), change(({ y }) => y)];
  if (Math.hypot(dx, dy) < LEAST_SHIFT) return { kind, direction: 'none' };
  const along = DIRECTIONS.map(({ x, y }) => x * dx + y * dy);
  return { kind, direction: along.indexOf(Math.max(...along)) };
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

/** The same things at places without jumps of a picture's side. */
function unrolled(things: readonly (Thing | null)[], size: number) {
  let [x, y] = [Number.NaN, Number.NaN];
  const nearest = (to: number, from: number) => (Number.isNaN(from) ? to : to - size * Math.round((to - from) / size));
  return things.map((thing) => {
    if (!thing) return null;
    [x, y] = [nearest(thing.x, x), nearest(thing.y, y)];
    return { x, y, area: thing.area };
  });
}
