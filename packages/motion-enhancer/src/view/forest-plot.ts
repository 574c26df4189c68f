import { type ForestAxis, forestAxis } from './forest-axis.js';
import { type Html, html } from './html.js';

/** A mean and half the width of its interval; NaN draws nothing. */
export interface ForestMark {
  mean: number;
  half: number;
}

export interface ForestRow {
  label: string;
  /** Drawn softer: rows that others are compared with. */
  soft?: boolean;
  /** One for each of the plot's series. */
  marks: readonly ForestMark[];
  /** The same in words, right of the plot. */
  texts: readonly string[];
}

export interface Forest {
  title: string;
  /** What the marks are; at most two: a dot and a diamond. */
  series: readonly { name: string; column: string }[];
  /** Below the axis. */
  unit: string;
  rows: readonly ForestRow[];
  /** Lines below everything. */
  notes?: readonly string[];
}

/** Widths in the units of the view box. A character of the labels is 7 wide: they are monospaced. */
const PLOT = 340;
const COLUMN = 84;
const CHARACTER = 7;
const ROW = 24;
const TOP = 50;
const NOTE = 15;

/**
 * Means with their intervals as inline SVG, a row each, over a line at 0.
 * @param attributes of the svg element; a file of its own needs its namespace
 */
export function forestPlot({ title, series, unit, rows, notes = [] }: Forest, attributes: Html | null = null): Html {
  const left = 16 + CHARACTER * Math.max(20, ...rows.map(({ label }) => label.length));
  const width = left + PLOT + COLUMN * series.length + 12;
  const bottom = TOP + ROW * rows.length;
  const height = bottom + (notes.length > 0 ? 50 : 40) + NOTE * notes.length;
  const axis = forestAxis(rows.flatMap(({ marks }) => marks));
  const px = (value: number) => (left + axis.place(value) * PLOT).toFixed(1);
  const mid = (i: number) => TOP + ROW * (i + 0.5);
  const columnAt = (i: number) => left + PLOT + COLUMN * (i + 1);
  return html`<svg class="forest" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"${attributes}>
${series.map(({ name, column }, i) => {
  const x = i === 0 ? 16 : Math.round(width / 2);
  return html`${symbol(i, x, 12)}<text x="${x + 12}" y="16">${name}</text><text class="soft" x="${columnAt(i)}" y="${TOP - 8}" text-anchor="end">${column}</text>\n`;
})}
${rows.map((_, i) => i % 2 === 0 && html`<rect class="stripe" x="0" y="${TOP + ROW * i}" width="${width}" height="${ROW}"/>`)}
${axis.ticks.map((tick) => html`<line class="${tick === 0 ? 'zero' : 'axis'}" x1="${px(tick)}" x2="${px(tick)}" y1="${TOP - 4}" y2="${bottom}"/><text class="soft tick" x="${px(tick)}" y="${bottom + 15}" text-anchor="middle">${tickText(tick)}</text>`)}
<text class="soft" x="${left + PLOT / 2}" y="${bottom + 32}" text-anchor="middle">${unit}${!axis.whole && '; triangles: further out'}</text>
${rows.map(({ label, soft, marks, texts }, i) => {
  const said = series.flatMap(({ column }, k) => (texts[k] ? `${column} ${texts[k]}` : []));
  const drawn = marks.filter(({ mean }) => Number.isFinite(mean)).length;
  // Two marks of a row lie one above the other.
  const y = (k: number) => mid(i) + (drawn > 1 ? (k === 0 ? -5 : 5) : 0);
  return html`<g><title>${[label, ...said].join(', ')}</title><text class="name${soft && ' soft'}" x="8" y="${mid(i) + 4}">${label}</text>${marks.map((mark, k) => markAt(mark, k, axis, left, y(k)))}${texts.map((text, k) => html`<text x="${columnAt(k)}" y="${mid(i) + 4}" text-anchor="end">${text}</text>`)}</g>\n`;
})}
${notes.map((note, i) => html`<text class="soft" x="8" y="${bottom + 56 + NOTE * i}">${note}</text>`)}
</svg>`;
}

const tickText = (tick: number) => (tick > 0 ? `+${tick}` : String(tick).replace('-', '−'));

function markAt({ mean, half }: ForestMark, kind: number, { side, place }: ForestAxis, left: number, y: number) {
  if (!Number.isFinite(mean)) return null;
  const px = (value: number) => (left + place(value) * PLOT).toFixed(1);
  const off = (value: number) =>
    side(value) !== 0 && html`<path class="m${kind} off" d="M${px(value)} ${y}l${-8 * side(value)} -4v8z"/>`;
  if (side(mean) !== 0) return off(mean);
  if (!Number.isFinite(half)) return symbol(kind, px(mean), y);
  const [from, to] = [mean - half, mean + half];
  return html`<line class="span m${kind}" x1="${px(from)}" x2="${px(to)}" y1="${y}" y2="${y}"/>${off(from)}${off(to)}${symbol(kind, px(mean), y)}`;
}

const symbol = (kind: number, x: number | string, y: number): Html =>
  kind === 0
    ? html`<circle class="m0" cx="${x}" cy="${y}" r="3.6"/>`
    : html`<path class="m${kind}" d="M${x} ${y - 4.4}l4.4 4.4-4.4 4.4-4.4-4.4z"/>`;
