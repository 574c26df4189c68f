import { join } from 'node:path';
import { benchmarkOf } from '@motion-enhancer/core/internal/eval/benchmarks/index.js';
import { officialAccuracy } from '@motion-enhancer/core/internal/eval/report/official-accuracy.js';
import { renderText } from '@motion-enhancer/core/internal/eval/report/render.js';
import { measuredLines } from '@motion-enhancer/core/internal/eval/report/score-lines.js';
import { type RunScore, scoreRun } from '@motion-enhancer/core/internal/eval/report/score-run.js';
import { wideTables } from '@motion-enhancer/core/internal/eval/report/wide-table.js';
import { writeReports } from '@motion-enhancer/core/internal/eval/report/write-reports.js';
import type { AnswerRecord } from '@motion-enhancer/core/internal/eval/run/answer-record.js';
import { isWritable, writeText } from '@motion-enhancer/support';
import type { Progress } from './progress.js';

/** Tells answers as they come: the count, and the share of right ones so far. */
export function answerReporter(progress: Progress, json: boolean) {
  let [done, known, right] = [0, 0, 0];
  return {
    onNote: (text: string): void => progress.log(`note: ${text}`),
    onStart(state: { total: number; done: number; media: number }): void {
      done = state.done;
      progress.stage('answer', { total: state.total, done });
      if (done > 0) progress.log(`goes on: ${done} of ${state.total} questions have their answers`);
    },
    onAnswers(records: readonly AnswerRecord[]): void {
      for (const { id, correct, error } of records) {
        if (error) {
          progress.log(
            json ? JSON.stringify({ type: 'failed', id, ...error }) : `${id} counts as wrong: ${error.message}`,
          );
        }
        if (correct === null) continue;
        known++;
        if (correct) right++;
      }
      done += records.length;
      progress.update(done, known > 0 ? `${((100 * right) / known).toFixed(1)} % right` : '');
    },
  };
}

/**
 * Writes a run's tables into its folder and prints them; of a whole run also what the authors' leaderboard or script takes.
 * A folder that cannot be written to, as on a read-only mount, is scored all the same.
 * @param ids of the run's questions, where they are known
 * @returns the exit code: 2 where no question could be asked
 */
export async function reportScore(
  dir: string,
  { json, favorDictionary }: { json: boolean; favorDictionary: string },
  ids?: ReadonlySet<string>,
): Promise<number> {
  const score = scoreRun(dir, { dictionary: favorDictionary, ...(ids ? { ids } : {}) });
  const { benchmark, split } = score.run.settings;
  const lines = measuredLines(score);
  const title = `${benchmark} ${split}: scores of one run`;
  const official = officialAccuracy(score);
  const more = { ...stateOf(score), ...(official ? { official } : {}) };
  const writable = isWritable(dir);
  const files = writable ? writeReports(dir, 'scores', title, lines, { more }) : [];
  if (writable) for (const [name, text] of Object.entries(score.own?.files ?? {})) files.push(write(dir, name, text));
  const submission = score.left === 0 && writable ? benchmarkOf(benchmark).submission?.(score.answers) : undefined;
  const submitted = submission ? write(dir, submission.name, submission.text) : null;
  if (!writable) console.error(`note: ${dir} cannot be written to: its scores are shown, not written`);
  const code = score.errors > 0 && score.errors === score.answers.size ? 2 : 0;
  if (json) {
    console.log(JSON.stringify({ type: 'scores', dir, ...more, lines, files, submission: submitted }));
    return code;
  }
  if (lines.length > 0) console.log(renderText(wideTables(lines)));
  else console.log(`${benchmark} ${split}: ${score.answers.size} answers; none has a known right one`);
  if (score.left > 0) console.log(`part of a run: ${score.left} questions have no answer yet`);
  for (const file of files) console.log(`scores     ${file}`);
  if (submission) {
    const odd = submission.unread ? ` (${submission.unread} replies gave no letter)` : '';
    console.log(`submission ${submitted}${odd}`);
  }
  return code;
}

function write(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeText(path, text);
  return path;
}

function stateOf({ answers, left, errors, malformed, damaged, run }: RunScore): Record<string, unknown> {
  return { answers: answers.size, left, errors, malformed, damaged, weights: run.vlm.weights, settings: run.settings };
}
