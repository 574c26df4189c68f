import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Html, html } from '../../view/html.js';
import { document, writePage } from '../../view/page-shell.js';
import type { AnswerRecord } from '../run/answer-record.js';
import { pairText, type RunPair } from './compare-runs.js';
import { recipeLine } from './recipe-line.js';
import { type RunScore, systemName } from './score-run.js';

/**
 * Writes the page of two runs: every question whose verdict changed, with both replies and the frames that were seen.
 * @throws UserError ERR_WRITE
 */
export function writeDiffPage(path: string, pair: RunPair, names: readonly [string, string]): void {
  const { a, b, result } = pair;
  const title = `${names[0]} → ${names[1]}: ${a.run.settings.benchmark}`;
  const random = [a, b].some(({ run }) => run.vlm.weights === 'random');
  const section = (heading: string, ids: readonly string[]) => html`<h2>${heading}: ${ids.length}</h2>
${ids.length === 0 && html`<p class="soft">none</p>`}
${ids.map((id) => questionCard(path, id, pair, names))}`;
  const body = html`<h1>${title}</h1>
${random && html`<p class="banner" role="note"><strong>Untrained random weights: these answers mean nothing.</strong></p>`}
<pre>${pairText(pair, names)}</pre>
${[a, b].map((run, i) => html`<p class="soft"><strong>${names[i]!}</strong>: ${systemName(run.run)}; ${recipeLine(run)}</p>`)}
${section('Wrong → right', result.wrongToRight)}
${section('Right → wrong', result.rightToWrong)}`;
  writePage(path, document(title, body));
}

function questionCard(path: string, id: string, { a, b }: RunPair, names: readonly [string, string]): Html {
  const [before, after] = [a.answers.get(id)!, b.answers.get(id)!];
  const { type, question, options, letters, right, medium, frames } = before;
  return html`<div class="card" style="margin:1rem 0" id="${id}">
<p><strong>${id}</strong> <small>${type} · <a href="${linkTo(path, medium)}">${medium}</a> · ${frames.length} frames${frames.length > 0 && `, ${frames[0]!.toFixed(1)} to ${frames.at(-1)!.toFixed(1)} s`}</small></p>
${picture(path, a, before) ?? picture(path, b, after)}
<blockquote>${question}<br>${options.map((option, i) => html`<br>${letters[i] === right ? html`<strong>${letters[i]}. ${option}</strong>` : `${letters[i]!}. ${option}`}`)}</blockquote>
<div class="grid wide">
${reply(names[0], before)}
${reply(names[1], after)}
</div></div>
`;
}

function reply(name: string, { output, chosen, correct, error, losses }: AnswerRecord): Html {
  const said =
    output ?? error?.message ?? (losses ? `losses ${losses.map((loss) => loss.toFixed(3)).join(', ')}` : 'nothing');
  return html`<div><small>${name}: ${correct ? 'right' : 'wrong'}${chosen && `, read as ${chosen}`}</small><pre>${said}</pre></div>`;
}

function picture(page: string, { dir }: RunScore, record: AnswerRecord): Html | null {
  if (!record.picture || !existsSync(join(dir, record.picture))) return null;
  const link = linkTo(page, join(dir, record.picture));
  return html`<a href="${link}"><img src="${link}" alt="frames of ${record.id}" loading="lazy" style="max-width:100%"></a>`;
}

/** As a link from the page: a path is no URL. */
function linkTo(page: string, file: string): string {
  return relative(dirname(page), file).split(/[\\/]/).map(encodeURIComponent).join('/');
}
