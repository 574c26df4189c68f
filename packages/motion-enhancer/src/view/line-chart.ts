import { type Html, html } from './html.js';
import { shortNumber } from './tables.js';

export interface ChartPoint {
  x: number;
  /** null leaves a gap. */
  y: number | null;
}

const SIZE = { width: 420, height: 190 };
const PLOT = { left: 58, right: 408, top: 14, bottom: 160 };
/** Single points are drawn where there are few. */
const MAX_DOTS = 60;

/**
 * A curve as inline SVG with its axes. Values that are no numbers leave gaps.
 * @param beside another curve over the same steps, dashed
 */
export function lineChart(
  title: string,
  points: readonly ChartPoint[],
  beside: { name: string; points: readonly ChartPoint[] } | null = null,
): Html {
  const known = knownOf(points);
  const others = knownOf(beside?.points ?? []);
  if (known.length === 0) return html`<div class="card"><strong>${title}</strong><p class="soft">no values</p></div>`;
  const xs = range([...points, ...others].map((point) => point.x));
  const ticks = niceTicks(...range([...known, ...others].map((point) => point.y)));
  const [bottom, top] = [ticks[0]!, ticks.at(-1)!];
  const px = (x: number) => place(x, xs[0], xs[1], PLOT.left, PLOT.right);
  const py = (y: number) => place(y, bottom, top, PLOT.bottom, PLOT.top);
  const pairs = (run: readonly { x: number; y: number }[]) => run.map(({ x, y }) => `${px(x)},${py(y)}`).join(' ');
  const last = known.at(-1)!;
  return html`<div class="card"><strong>${title}</strong> <span class="soft">${shortNumber(known[0]!.y)} → ${shortNumber(last.y)}${
    others.length > 0 && `; dashed, ${beside!.name}: ${shortNumber(others[0]!.y)} → ${shortNumber(others.at(-1)!.y)}`
  }</span>
<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${title} over ${known.length} steps, from ${shortNumber(known[0]!.y)} to ${shortNumber(last.y)}">
${ticks.map((tick) => html`<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${py(tick)}" y2="${py(tick)}"/><text x="${PLOT.left - 6}" y="${Number(py(tick)) + 4}" text-anchor="end">${shortNumber(tick)}</text>`)}
${[...new Set(xs)].map((x, i) => html`<text x="${px(x)}" y="${PLOT.bottom + 18}" text-anchor="${i === 0 ? 'start' : 'end'}">${i === 0 ? `step ${x}` : x}</text>`)}
${runs(beside?.points ?? []).map((run) => html`<polyline class="curve beside" points="${pairs(run)}"/>`)}
${runs(points).map((run) => html`<polyline class="curve" points="${pairs(run)}"/>`)}
${known.length <= MAX_DOTS && known.map(({ x, y }) => html`<circle cx="${px(x)}" cy="${py(y)}" r="2.4"/>`)}
</svg></div>`;
}

const knownOf = (points: readonly ChartPoint[]) =>
  points.filter((point): point is { x: number; y: number } => point.y !== null && Number.isFinite(point.y));

function range(values: readonly number[]): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return [min, max];
}

function place(value: number, from: number, to: number, start: number, end: number): string {
  return (start + (to === from ? 0.5 : (value - from) / (to - from)) * (end - start)).toFixed(1);
}

/** Stretches of points without a gap. */
function runs(points: readonly ChartPoint[]): { x: number; y: number }[][] {
  const all: { x: number; y: number }[][] = [[]];
  for (const { x, y } of points) {
    if (y === null || !Number.isFinite(y)) all.push([]);
    else all.at(-1)!.push({ x, y });
  }
  return all.filter((run) => run.length > 0);
}

/** Three to seven round numbers that enclose [least, most]. */
export function niceTicks(min: number, max: number): number[] {
  const span = max - min || Math.abs(max) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power;
  const first = Math.floor(min / step);
  const last = Math.max(first + 1, Math.ceil(max / step));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
