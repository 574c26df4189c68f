import { type Html, html } from './html.js';
import { textTable } from './tables.js';

export interface ResultSection {
  title: string;
  /** Below the title, a paragraph each. */
  notes: readonly string[];
  picture?: Html | null;
  tables: readonly ResultTable[];
}

export interface ResultTable {
  /** Folded below these words; without them it is open. */
  folded?: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** What was measured: a picture and tables. */
export function resultSection({ title, notes, picture, tables }: ResultSection): Html {
  return html`<h2>${title}</h2>${notes.map((note) => html`<p class="soft">${note}</p>`)}
${picture && html`<div class="card window forest-card">${picture}</div>`}
${tables.map(tableOf)}`;
}

function tableOf({ folded, head, rows }: ResultTable): Html {
  const table = textTable(head, rows);
  return folded === undefined ? table : html`<details><summary>${folded}</summary>${table}</details>`;
}
