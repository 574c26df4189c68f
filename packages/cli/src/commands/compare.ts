import { basename, join } from 'node:path';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { benchmarks } from '@motion-enhancer/core/internal/eval/benchmarks/index.js';
import { judgeOf } from '@motion-enhancer/core/internal/eval/judges/index.js';
import { compareRuns, pairText } from '@motion-enhancer/core/internal/eval/report/compare-runs.js';
import { writeDiffPage } from '@motion-enhancer/core/internal/eval/report/diff-page.js';
import { renderCsv, renderMarkdown, renderText } from '@motion-enhancer/core/internal/eval/report/render.js';
import { reportedLines } from '@motion-enhancer/core/internal/eval/report/reported-lines.js';
import { runNames } from '@motion-enhancer/core/internal/eval/report/run-names.js';
import { measuredLines } from '@motion-enhancer/core/internal/eval/report/score-lines.js';
import { type RunScore, scoreRun, systemName } from '@motion-enhancer/core/internal/eval/report/score-run.js';
import { wideTables } from '@motion-enhancer/core/internal/eval/report/wide-table.js';
import { writeReports } from '@motion-enhancer/core/internal/eval/report/write-reports.js';
import { html } from '@motion-enhancer/core/internal/view/html.js';
import { makeFolder, UserError } from '@motion-enhancer/support';
import { FAVOR_DICTIONARY_FIELD } from '../eval-settings.js';
import { OUTPUT_FIELDS, parseCommand } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  out: {
    type: 'path',
    default: '',
    text: 'Folder for compare.md, .csv, .json and .html, and the pages of differences',
  },
  paper: { type: 'boolean', default: true, text: 'The paper’s tables beside, as reported' },
  judge: { type: 'string', default: '', text: 'Another judge or parser for all runs’ replies than their own' },
  favorDictionary: FAVOR_DICTIONARY_FIELD,
  format: {
    type: 'choice',
    choices: ['text', 'markdown', 'csv'],
    default: 'text',
    text: 'What is printed',
  },
  resamples: { type: 'integer', default: 10_000, min: 100, max: 1_000_000, text: 'Resamples of the paired bootstrap' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the resamples' },
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'compare',
  async run(argv) {
    const usage =
      '[RUN …] [options]\n\nTables of runs of eval, with the paper’s; each further run against the first, question by question. Without a run: the paper’s tables.';
    const parsed = parseCommand('compare', usage, FIELDS, argv, { operands: Number.POSITIVE_INFINITY });
    if (!parsed) return 0;
    const { values, rest } = parsed;
    if (values.judge !== '') judgeOf(values.judge);
    const scores = rest.map((dir) => scoreRun(dir, { judge: values.judge, dictionary: values.favorDictionary }));
    if (scores.length === 0 && !values.paper)
      throw new UserError('Expected runs but received none. Give folders that eval --out wrote.', {
        code: 'ERR_USAGE',
      });
    const names = runNames(rest);
    const chosen =
      scores.length > 0
        ? [...new Set(scores.map(({ run }) => run.settings.benchmark))]
        : benchmarks().map(({ name }) => name);
    const lines = chosen.flatMap((benchmark) => [
      ...scores.flatMap((score, i) =>
        score.run.settings.benchmark === benchmark ? measuredLines(score, systemName(score.run, names[i])) : [],
      ),
      ...(values.paper ? reportedLines(benchmark) : []),
    ]);
    const pairs = pairsOf(scores).map(([a, b]) => ({
      names: [names[a]!, names[b]!] as const,
      pair: compareRuns(scores[a]!, scores[b]!, values),
    }));
    const pages: string[] = [];
    const files: string[] = [];
    if (values.out !== '') {
      makeFolder(values.out);
      for (const { names: two, pair } of pairs) {
        const page = join(values.out, `diff-${two.map((name) => name.replace(/[^\w.-]/g, '_')).join('-to-')}.html`);
        writeDiffPage(page, pair, two);
        pages.push(page);
      }
      const more = { pairs: pairs.map(({ names: two, pair }) => ({ runs: two, ...pair.result })) };
      const body = html`${pairs.map(
        ({ names: two, pair }, i) => html`<h2>${two[0]} → ${two[1]}: ${pair.a.run.settings.benchmark}</h2>
<pre>${pairText(pair, two)}</pre>
<p><a href="${encodeURIComponent(basename(pages[i]!))}">Every answer that changed</a></p>\n`,
      )}`;
      files.push(...writeReports(values.out, 'compare', 'Scores compared', lines, { more, body }));
    }
    if (values.json) {
      const differences = pairs.map(({ names: two, pair }) => ({ runs: two, ...pair.result }));
      console.log(JSON.stringify({ type: 'compare', lines, differences, files, pages }));
      return 0;
    }
    if (values.format === 'csv') process.stdout.write(renderCsv(lines));
    else if (values.format === 'markdown') console.log(renderMarkdown(wideTables(lines)));
    else console.log(renderText(wideTables(lines)));
    if (values.format !== 'csv') for (const { names: two, pair } of pairs) console.log(`\n${pairText(pair, two)}`);
    for (const file of [...files, ...pages]) console.error(`written ${file}`);
    return 0;
  },
};

/** Each run against the first of its benchmark. */
function pairsOf(scores: readonly RunScore[]): [number, number][] {
  return scores.flatMap(({ run }, i): [number, number][] => {
    const first = scores.findIndex((other) => other.run.settings.benchmark === run.settings.benchmark);
    return first < i && scores[i]!.table !== null ? [[first, i]] : [];
  });
}
