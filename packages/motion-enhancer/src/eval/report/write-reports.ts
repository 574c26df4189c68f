import { join } from 'node:path';
import { makeFolder, writeText } from '@motion-enhancer/support';
import { type Html, html } from '../../view/html.js';
import { document, writePage } from '../../view/page-shell.js';
import { renderCsv, renderHtml, renderMarkdown } from './render.js';
import type { ScoreLine } from './score-lines.js';
import { wideTables } from './wide-table.js';

/**
 * Writes NAME.md, NAME.csv, NAME.json and NAME.html with the same numbers.
 * @param more data of the JSON file beside the lines @param body HTML after the tables
 * @returns the paths
 * @throws UserError ERR_WRITE
 */
export function writeReports(
  dir: string,
  name: string,
  title: string,
  lines: readonly ScoreLine[],
  { more = {}, body }: { more?: Readonly<Record<string, unknown>>; body?: Html } = {},
): string[] {
  makeFolder(dir);
  const tables = wideTables(lines);
  const path = (ending: string) => join(dir, `${name}.${ending}`);
  writeText(path('md'), `# ${title}\n\n${renderMarkdown(tables)}`);
  writeText(path('csv'), renderCsv(lines));
  writeText(path('json'), `${JSON.stringify({ title, ...more, lines }, null, 2)}\n`);
  writePage(path('html'), document(title, html`<h1>${title}</h1>\n${renderHtml(tables)}\n${body}`));
  return ['md', 'csv', 'json', 'html'].map(path);
}
