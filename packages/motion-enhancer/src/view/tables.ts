import type { PriorInfo, PriorWord } from '../prior/store/prior.js';
import { rankedHeads } from './head-measure.js';
import { type Html, type HtmlValue, html } from './html.js';

interface Cell {
  shown: HtmlValue;
  value: string | number;
}

/** A table whose columns sort when their heads are pressed. */
function sortable(columns: readonly string[], rows: readonly { kept: boolean; cells: readonly Cell[] }[]): Html {
  return html`<div class="table" tabindex="0"><table class="sortable">
<thead><tr>${columns.map((name) => html`<th scope="col"><button type="button">${name}</button></th>`)}</tr></thead>
<tbody>${rows.map(
    ({ kept, cells }) =>
      html`<tr class="may${kept ? ' kept' : ''}">${cells.map(({ shown, value }) => html`<td data-value="${value}">${shown}</td>`)}</tr>\n`,
  )}</tbody></table></div>`;
}

/** `1.23e-4` where that is shorter to read than its digits. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

const number = (value = Number.NaN): Cell => ({ shown: Number.isNaN(value) ? '' : shortNumber(value), value });
const yes = (kept: boolean): Cell => ({ shown: kept ? 'kept' : '', value: kept ? 1 : 0 });

/** DFC, TCS, DSR, score and rank of each head, best rank first, with a bar of what they were ranked by. */
export function headTable(info: Pick<PriorInfo, 'heads' | 'options'>): Html {
  const { ranked, by } = rankedHeads(info);
  const reach = Math.max(...ranked.map(({ measure }) => Math.abs(measure)).filter(Number.isFinite), 1e-12);
  const signed = by === 'score';
  const rows = ranked.map(({ head, index, name, measure }) => ({
    kept: head.kept,
    cells: [
      { shown: name, value: index },
      number(head.dfc),
      number(head.tcs),
      number(head.dsr),
      number(head.score),
      ...(signed ? [] : [number(measure)]),
      { shown: bar(measure / reach, signed), value: measure },
      { shown: head.rank + 1, value: head.rank },
      yes(head.kept),
    ],
  }));
  const more = signed ? [] : [by];
  return sortable(['head', 'DFC', 'TCS', 'DSR', signed ? 'score' : 'MHS score', ...more, ' ', 'rank', 'kept'], rows);
}

/** Motion saliency of each word, the most salient first. */
export function wordTable(words: readonly PriorWord[]): Html {
  const reach = Math.max(...words.map((word) => word.ms).filter(Number.isFinite), 1e-300);
  const rows = [...words]
    .sort((a, b) => b.ms - a.ms)
    .map((word) => ({
      kept: word.kept,
      cells: [
        { shown: word.text, value: `“${word.text}` },
        number(word.ms),
        { shown: bar(word.ms / reach), value: word.ms },
        number(word.z),
        yes(word.kept),
      ],
    }));
  return sortable(['word', 'MS', ' ', 'z', 'kept'], rows);
}

/** A bar from 0, or from the middle where values have a sign. @param share −1 to 1 */
export function bar(share: number, signed = false, on = false): Html {
  const size = Math.min(1, Math.abs(Number.isFinite(share) ? share : 0)) * (signed ? 50 : 100);
  const left = signed ? (share < 0 ? 50 - size : 50) : 0;
  return html`<span class="bar${on ? ' on' : ''}"><i style="left:${left.toFixed(1)}%;width:${size.toFixed(1)}%"></i></span>`;
}

/** A plain table: texts in rows below their heads, some rows marked. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  marked: readonly number[] = [],
): Html {
  return html`<div class="table" tabindex="0"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((cells, i) => html`<tr${marked.includes(i) && html` class="kept"`}>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}
