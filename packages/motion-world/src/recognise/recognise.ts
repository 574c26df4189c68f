import { COLOUR_NAMES, type Colour, type Scene, SHAPE_NAMES, type Shape } from '../generate/index.js';
import { colourLabels } from './colours.js';
import { type Motion, scoredMotion, seenMotion } from './motion.js';
import { shapeOverlaps } from './templates.js';
import { largestThing, type Thing } from './thing.js';

/** What is seen in a video of one thing; null: nothing that could be it. */
export interface Seen {
  /** Of the thing that has the colour asked for. */
  shape: Shape | null;
  /** Best intersection over union with each shape, a mean over frames; null without a thing. */
  overlaps: Record<Shape, number> | null;
  /** The world's colour that the largest things have. */
  colour: Colour | null;
  /** null also where the scene's motion is not scored. */
  motion: Motion | null;
}

/** Frames that the shape is looked at in. */
const LOOKS = 4;

/**
 * Recognises what a video shows of a scene's one thing, by colour, area and outline alone.
 * @param frames uint8 [T, H, W, 3], H = W = size
 * @param scene what it should show: shape and motion are looked for in the thing's colour
 */
export function recognise(frames: Uint8Array, size: number, scene: Scene): Seen {
  const { colour } = scene.objects[0]!;
  const per = size * size * 3;
  const labels = Array.from({ length: frames.length / per }, (_, t) =>
    colourLabels(frames.subarray(t * per, (t + 1) * per)),
  );
  const things = new Map(COLOUR_NAMES.map((name) => [name, labels.map((each) => largestThing(each, size, name))]));
  const mine = things.get(colour)!;
  const overlaps = meanOverlaps(mine, colour);
  const motion = scoredMotion(scene);
  return {
    shape: overlaps && largest(SHAPE_NAMES, (shape) => overlaps[shape]),
    overlaps,
    colour: largest(COLOUR_NAMES, (name) => things.get(name)!.reduce((sum, thing) => sum + (thing?.area ?? 0), 0)),
    motion: motion && seenMotion(motion.kind, mine, size),
  };
}

/** Over a few frames, evenly spread over those that show it whole; over those at the edge where there are no others. */
function meanOverlaps(all: readonly (Thing | null)[], colour: Colour): Record<Shape, number> | null {
  const found = all.filter((thing) => thing !== null);
  const whole = found.filter(({ atEdge }) => !atEdge);
  const from = whole.length > 0 ? whole : found;
  if (from.length === 0) return null;
  const count = Math.min(LOOKS, from.length);
  const looks = Array.from({ length: count }, (_, i) => from[Math.floor(((i + 0.5) * from.length) / count)]!);
  const each = looks.map((thing) => shapeOverlaps(thing, colour));
  return Object.fromEntries(
    SHAPE_NAMES.map((shape) => [shape, each.reduce((sum, one) => sum + one[shape], 0) / count]),
  ) as Record<Shape, number>;
}

/** The one with the largest value; null where all are 0. */
function largest<T>(names: readonly T[], value: (name: T) => number): T | null {
  const best = names.reduce((a, b) => (value(b) > value(a) ? b : a));
  return value(best) > 0 ? best : null;
}
