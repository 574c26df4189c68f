import { type Html, html } from '../../view/html.js';
import type { ScoreLine } from './score-lines.js';
import type { WideTable } from './wide-table.js';

/** For a terminal: columns as wide as their longest text. */
export function renderText(tables: readonly WideTable[]): string {
  return tables
    .map(({ title, columns, rows, recipes }) => {
      const all = [columns, ...rows];
      const widths = columns.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
      const text = (row: readonly string[]) =>
        row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
      const notes = recipes.map(({ systems, recipe }) => `  ${systems.join(', ')}: ${recipe}`);
      return [title, ...all.map((row) => `  ${text(row).trimEnd()}`), ...notes].join('\n');
    })
    .join('\n\n');
}

export function renderMarkdown(tables: readonly WideTable[]): string {
  const cellOf = (text: string) => text.replace(/\|/g, '\\|');
  const line = (row: readonly string[]) => `| ${row.map(cellOf).join(' | ')} |`;
  return tables
    .map(({ title, columns, rows, recipes }) =>
      [
        `### ${title}`,
        '',
        line(columns),
        `|${columns.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`,
        ...rows.map(line),
        '',
        ...recipes.map(({ systems, recipe }) => `- ${systems.join(', ')}: ${recipe}`),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n');
}

/** A line a number, with its recipe. Source of the form: RFC 4180. */
export function renderCsv(lines: readonly ScoreLine[]): string {
  const columns = [
    'source',
    'system',
    'benchmark',
    'metric',
    'value',
    'low',
    'high',
    'right',
    'total',
    'recipe',
  ] as const satisfies readonly (keyof ScoreLine)[];
  const field = (value: string | number | null) => {
    const text = value === null ? '' : typeof value === 'number' ? String(Number(value.toFixed(4))) : value;
    return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return `${[columns.join(','), ...lines.map((line) => columns.map((name) => field(line[name])).join(','))].join('\r\n')}\r\n`;
}

export function renderHtml(tables: readonly WideTable[]): Html {
  return html`${tables.map(
    ({ title, columns, rows, recipes }) => html`<h2>${title}</h2>
<div class="table" tabindex="0" style="max-height:none"><table><thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${number(cell)}</td>`)}</tr>\n`)}</tbody></table></div>
${recipes.map(({ systems, recipe }) => html`<p class="soft"><strong>${systems.join(', ')}</strong>: ${recipe}</p>`)}
`,
  )}`;
}

/** A number with its interval below it in small: twelve columns fit a screen. */
function number(cell: string): Html | string {
  const parts = /^([\d.]+) (\[.+\])$/.exec(cell);
  return parts ? html`${parts[1]!}<br><small>${parts[2]!}</small>` : cell;
}
