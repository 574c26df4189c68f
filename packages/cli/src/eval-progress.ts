import { officialAccuracy } from '@motion-enhancer/core/internal/eval/report/official-accuracy.js';
import { renderText } from '@motion-enhancer/core/internal/eval/report/render.js';
import { measuredLines } from '@motion-enhancer/core/internal/eval/report/score-lines.js';
import { type RunScore, scoreRun } from '@motion-enhancer/core/internal/eval/report/score-run.js';
import { wideTables } from '@motion-enhancer/core/internal/eval/report/wide-table.js';
import { writeReports } from '@motion-enhancer/core/internal/eval/report/write-reports.js';
import type { AnswerRecord } from '@motion-enhancer/core/internal/eval/run/answer-record.js';
import {
  writeCaptionRecords,
  writeSeedSubmission,
  writeSubmission,
  writeVideoMmeOutput,
} from '@motion-enhancer/core/internal/eval/run/submission.js';
import { favorDictionary } from './eval-settings.js';
import type { Progress } from './progress.js';

/** Tells answers as they come: the count, and the share of right ones so far. */
export function answerTeller(progress: Progress, json: boolean) {
  let [done, known, right] = [0, 0, 0];
  return {
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
 * Writes a run's tables into its folder and prints them; of MotionBench also the leaderboard's file.
 * @returns the exit code: 2 where no question could be asked
 */
export async function tellScore(
  dir: string,
  { json, favorDictionary: words }: { json: boolean; favorDictionary: string },
): Promise<number> {
  const score = scoreRun(dir, { dictionary: favorDictionary(words) });
  const { benchmark, split } = score.run.settings;
  const lines = measuredLines(score);
  const title = `${benchmark} ${split}: scores of one run`;
  const official = officialAccuracy(score);
  const more = { ...stateOf(score), ...(official ? { official } : {}) };
  const files = writeReports(dir, 'scores', title, lines, { more });
  if (score.captions) files.push(writeCaptionRecords(dir, score.captions));
  if (score.left === 0 && benchmark === 'seedbench') files.push(writeSeedSubmission(dir, score.answers));
  if (score.left === 0 && benchmark === 'videomme') files.push(writeVideoMmeOutput(dir, score.answers));
  const submission = benchmark === 'motionbench' && score.left === 0 ? writeSubmission(dir, score.answers) : null;
  const code = score.errors > 0 && score.errors === score.answers.size ? 2 : 0;
  if (json) {
    console.log(JSON.stringify({ type: 'scores', dir, ...more, lines, files, submission: submission?.path ?? null }));
    return code;
  }
  if (lines.length > 0) console.log(renderText(wideTables(lines)));
  else console.log(`${benchmark} ${split}: ${score.answers.size} answers; none has a known right one`);
  if (score.left > 0) console.log(`part of a run: ${score.left} questions have no answer yet`);
  for (const file of files) console.log(`scores     ${file}`);
  if (submission) {
    const odd = submission.odd > 0 ? ` (${submission.odd} replies gave no letter)` : '';
    console.log(`submission ${submission.path}${odd}`);
  }
  return code;
}

function stateOf({ answers, left, errors, malformed, run }: RunScore): Record<string, unknown> {
  return { answers: answers.size, left, errors, malformed, weights: run.vlm.weights, settings: run.settings };
}
