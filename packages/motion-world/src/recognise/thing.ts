import type { Colour } from '../generate/index.js';
import { labelOf } from './colours.js';

/** Connected pixels of one colour. Places go on past the edges, since the world repeats there. */
export interface Thing {
  /** Columns and rows of its pixels. */
  xs: readonly number[];
  ys: readonly number[];
  /** In pixels */
  area: number;
  /** Its centroid, in pixels from the upper left corner of the picture, pixels' centres being at ½ */
  x: number;
  y: number;
  /** Whether it reaches the edge of the picture. */
  atEdge: boolean;
}

/** Smaller ones are specks: the smallest thing of the world, a shrunk bar, has 64 pixels, half of them bright. */
const LEAST_AREA = 24;
/** Larger ones are backgrounds. */
const LARGEST_SHARE = 0.5;
/** Least share of the box around it that it fills: white specks of noise are linked, but thin. */
const LEAST_FILL = 0.1;
/** How far apart linked pixels are, along rows and columns: a white thing's dark stripes are not seen. */
const REACH_WHITE = 6;

const square = (reach: number): [number, number][] => {
  const range = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  return range.flatMap((dy) => range.map((dx): [number, number] => [dx, dy]));
};
const LINKS_WHITE = square(REACH_WHITE);
const LINKS: typeof LINKS_WHITE = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
];

/**
 * The largest connected part of a colour in a frame; null where there is none of a thing's size.
 * @param labels uint8 [H, W] of `colourLabels`, H = W = size
 */
export function largestThing(labels: Uint8Array, size: number, colour: Colour): Thing | null {
  const label = labelOf(colour);
  const links = colour === 'white' ? LINKS_WHITE : LINKS;
  const seen = new Uint8Array(labels.length);
  const wrap = (i: number) => ((i % size) + size) % size;
  let best: { xs: number[]; ys: number[] } | null = null;
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] !== label || seen[start]) continue;
    seen[start] = 1;
    const xs = [start % size];
    const ys = [Math.floor(start / size)];
    for (let i = 0; i < xs.length; i++)
      for (const [dx, dy] of links) {
        const [x, y] = [xs[i]! + dx, ys[i]! + dy];
        const at = wrap(y) * size + wrap(x);
        if (labels[at] !== label || seen[at]) continue;
        seen[at] = 1;
        xs.push(x);
        ys.push(y);
      }
    if (!best || xs.length > best.xs.length) best = { xs, ys };
  }
  return best && asThing(best.xs, best.ys, size);
}

function asThing(xs: readonly number[], ys: readonly number[], size: number): Thing | null {
  const area = xs.length;
  const span = (list: readonly number[]) =>
    list.reduce((a, b) => Math.max(a, b)) - list.reduce((a, b) => Math.min(a, b)) + 1;
  const box = span(xs) * span(ys);
  if (area < LEAST_AREA || area > LARGEST_SHARE * size * size || area < LEAST_FILL * box) return null;
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / area + 0.5;
  const outer = (i: number) => i <= 0 || i >= size - 1;
  return { xs, ys, area, x: mean(xs), y: mean(ys), atEdge: xs.some(outer) || ys.some(outer) };
}
