import { type Proportion, proportion } from '@motion-enhancer/core/internal/eval/metrics/wilson.js';
import { COLOUR_NAMES, type Colour, DIRECTIONS, SHAPE_NAMES, type Shape, type WorldText } from '../generate/index.js';
import { type Motion, scoredMotion } from './motion.js';
import { recognise, type Seen } from './recognise.js';

/** What a caption says, and what a video of it shows. */
export interface Verdict {
  id: string;
  caption: string;
  said: { shape: Shape; colour: Colour; motion: Motion | null };
  seen: Pick<Seen, 'shape' | 'colour' | 'motion'>;
  /** Best intersection over union of the thing with the shape of the caption, 0 to 1; 0 where nothing is found. */
  overlap: number;
}

/** Compares a video uint8 [T, size, size, 3] with the caption of a clip of a single object. */
export function verdict({ id, caption, scene }: WorldText, frames: Uint8Array, size: number): Verdict {
  const { shape, colour } = scene.objects[0]!;
  const { overlaps, ...seen } = recognise(frames, size, scene);
  return { id, caption, said: { shape, colour, motion: scoredMotion(scene) }, seen, overlap: overlaps?.[shape] ?? 0 };
}

/** Chances of a guess among all shapes, colours, directions, or of growing and shrinking. */
export const CHANCE = {
  shape: 1 / SHAPE_NAMES.length,
  colour: 1 / COLOUR_NAMES.length,
  slide: 1 / DIRECTIONS.length,
  resize: 1 / 2,
} as const;

export interface ShapeScore extends Proportion {
  shape: Shape;
  /** What it is most often taken for, null where never for another; `nothing`: no thing was found. */
  mistake: { seen: Shape | 'nothing'; count: number } | null;
}

/** Shares of videos that show what their captions say. What is not found is wrong. */
export interface Scores {
  shape: Proportion;
  colour: Proportion;
  /** Of the captions with one slide: its direction, one of eight. */
  slide: Proportion;
  /** Of those that grow or shrink: which. */
  resize: Proportion;
  /** Both kinds pooled. */
  motion: Proportion;
  /** Mean of the overlaps with the captions' shapes, 0 to 1 */
  overlap: number;
  /** By the captions' shapes; those of no caption are left out. */
  shapes: ShapeScore[];
}

export function scoresOf(verdicts: readonly Verdict[]): Scores {
  const share = (list: readonly Verdict[], right: (one: Verdict) => boolean) =>
    proportion(list.filter(right).length, list.length);
  const moving = (kind?: Motion['kind']) =>
    share(
      verdicts.filter(({ said }) => said.motion && (kind === undefined || said.motion.kind === kind)),
      ({ said, seen }) => sameMotion(said.motion, seen.motion),
    );
  const rightShape = ({ said, seen }: Verdict) => said.shape === seen.shape;
  return {
    shape: share(verdicts, rightShape),
    colour: share(verdicts, ({ said, seen }) => said.colour === seen.colour),
    ...{ slide: moving('slide'), resize: moving('resize'), motion: moving() },
    overlap: verdicts.reduce((sum, { overlap }) => sum + overlap, 0) / verdicts.length,
    shapes: SHAPE_NAMES.flatMap((shape) => {
      const mine = verdicts.filter(({ said }) => said.shape === shape);
      return mine.length > 0 ? [{ shape, ...share(mine, rightShape), mistake: commonMistake(mine) }] : [];
    }),
  };
}

function sameMotion(a: Motion | null, b: Motion | null): boolean {
  if (a?.kind === 'slide') return b?.kind === 'slide' && a.direction === b.direction;
  return a?.kind === 'resize' && b?.kind === 'resize' && a.way === b.way;
}

function commonMistake(verdicts: readonly Verdict[]): ShapeScore['mistake'] {
  const counts = new Map<Shape | 'nothing', number>();
  for (const { said, seen } of verdicts) {
    const name = seen.shape ?? 'nothing';
    if (name !== said.shape) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first ? { seen: first[0], count: first[1] } : null;
}
