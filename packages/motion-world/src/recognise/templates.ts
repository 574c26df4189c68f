import { type Colour, PATTERNS, SHAPE_NAMES, type Shape } from '../generate/index.js';
import { OUTLINES, REACH, SHADES } from '../generate/truth.js';
import type { Thing } from './thing.js';

type Inside = (x: number, y: number) => boolean;

interface Template {
  shape: Shape;
  /** Of a point in radii, before it is turned. */
  inside: Inside;
  /** In squared radii */
  area: number;
  /** Centroid, in radii */
  x: number;
  y: number;
  /** In radians */
  angles: readonly number[];
}

const STEP_DEGREES = 5;
/** After how many degrees a shape looks the same. */
const PERIODS: Readonly<Record<Shape, number>> = {
  circle: STEP_DEGREES,
  ring: STEP_DEGREES,
  square: 90,
  cross: 90,
  star: 72,
  triangle: 120,
  bar: 180,
  moon: 360,
};
/** Points a radius at which areas and centroids are measured. */
const FINE = 40;

function template(shape: Shape, inside: Inside, period: number): Template {
  let [count, x, y] = [0, 0, 0];
  const last = Math.ceil(REACH * FINE);
  for (let i = -last; i < last; i++)
    for (let j = -last; j < last; j++) {
      const [px, py] = [(i + 0.5) / FINE, (j + 0.5) / FINE];
      if (!inside(px, py)) continue;
      count++;
      x += px;
      y += py;
    }
  const angles = Array.from({ length: Math.ceil(period / STEP_DEGREES) }, (_, i) => (i * STEP_DEGREES * Math.PI) / 180);
  return { shape, inside, area: count / FINE ** 2, x: x / count, y: y / count, angles };
}

const WHOLE: readonly Template[] = SHAPE_NAMES.map((shape) => {
  const outline = OUTLINES[shape];
  return template(shape, (x, y) => outline(x, y) <= 0, PERIODS[shape]);
});
/** Of white things only the bright parts are seen: also what each pattern leaves of each shape. */
const BRIGHT: readonly Template[] = [
  ...WHOLE,
  ...SHAPE_NAMES.flatMap((shape) =>
    PATTERNS.map((pattern) => {
      const [outline, shade] = [OUTLINES[shape], SHADES[pattern]];
      return template(shape, (x, y) => outline(x, y) <= 0 && shade(x, y, 1e-6) > 0.5, 360);
    }),
  ),
];

/**
 * How well each shape can cover a thing: the best intersection over union with the shape as the world draws it, over
 * angles (every 5°), at the thing's area and centroid.
 */
export function shapeOverlaps(thing: Thing, colour: Colour): Record<Shape, number> {
  const best = Object.fromEntries(SHAPE_NAMES.map((shape) => [shape, 0])) as Record<Shape, number>;
  const canvas = asCanvas(thing);
  for (const each of colour === 'white' ? BRIGHT : WHOLE)
    for (const angle of each.angles) best[each.shape] = Math.max(best[each.shape], overlap(thing, canvas, each, angle));
  return best;
}

interface Canvas {
  mask: Uint8Array;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The mask with room around it. */
function asCanvas({ xs, ys, area }: Thing): Canvas {
  const margin = Math.ceil(Math.sqrt(area));
  const low = (list: readonly number[]) => list.reduce((a, b) => Math.min(a, b)) - margin;
  const high = (list: readonly number[]) => list.reduce((a, b) => Math.max(a, b)) + margin;
  const [left, top] = [low(xs), low(ys)];
  const [width, height] = [high(xs) - left + 1, high(ys) - top + 1];
  const mask = new Uint8Array(width * height);
  for (let i = 0; i < area; i++) mask[(ys[i]! - top) * width + xs[i]! - left] = 1;
  return { mask, left, top, width, height };
}

function overlap(thing: Thing, { mask, left, top, width, height }: Canvas, each: Template, angle: number): number {
  const r = Math.sqrt(thing.area / each.area);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const cx = thing.x - r * (cos * each.x - sin * each.y) - left;
  const cy = thing.y - r * (sin * each.x + cos * each.y) - top;
  const reach = REACH * r;
  let [both, drawn] = [0, 0];
  for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(height, cy + reach); y++)
    for (let x = Math.max(0, Math.floor(cx - reach)); x < Math.min(width, cx + reach); x++) {
      const [dx, dy] = [(x + 0.5 - cx) / r, (y + 0.5 - cy) / r];
      if (!each.inside(cos * dx + sin * dy, cos * dy - sin * dx)) continue;
      drawn++;
      both += mask[y * width + x]!;
    }
  return both / (drawn + thing.area - both);
}
