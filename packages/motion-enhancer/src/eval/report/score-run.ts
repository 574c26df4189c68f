import { basename } from 'node:path';
import {
  FAVOR_LAYOUT,
  type GradedAnswer,
  MOTIONBENCH_LAYOUT,
  type ScoreLayout,
  type ScoreTable,
  SEEDBENCH_LAYOUT,
  scoreTable,
  VIDEOMME_LAYOUT,
} from '../metrics/index.js';
import type { BenchmarkName } from '../prompts/index.js';
import type { AnswerRecord } from '../run/answer-record.js';
import { readAnswers } from '../run/answers-file.js';
import { type RunFile, readRun } from '../run/run-settings.js';

/** Which lines a benchmark's table has; null: its score is no accuracy. */
export const LAYOUTS: Readonly<Record<BenchmarkName, ScoreLayout | null>> = {
  motionbench: MOTIONBENCH_LAYOUT,
  favor: FAVOR_LAYOUT,
  'favor-open': null,
  seedbench: SEEDBENCH_LAYOUT,
  videomme: VIDEOMME_LAYOUT,
};

/** What a run's folder amounts to. */
export interface RunScore {
  dir: string;
  run: RunFile;
  answers: ReadonlyMap<string, AnswerRecord>;
  /** Of questions whose answers are known; null where there is none. */
  table: ScoreTable | null;
  /** Questions that have no answer yet. */
  left: number;
  /** Questions that could not be asked: they count as wrong. */
  errors: number;
  /** Published rows that are no question: they are left out. */
  malformed: number;
}

/** Scores what a run has answered so far. @throws UserError ERR_RUN */
export function scoreRun(dir: string): RunScore {
  const run = readRun(dir);
  const answers = readAnswers(dir);
  const layout = LAYOUTS[run.settings.benchmark];
  const graded = gradedAnswers(answers);
  return {
    dir,
    run,
    answers,
    table: layout && graded.length > 0 ? scoreTable(graded, layout) : null,
    left: Math.max(0, run.data.questions - answers.size),
    errors: [...answers.values()].filter(({ error }) => error).length,
    malformed: run.bad.length,
  };
}

/** Answers that count, as the metrics take them. */
export function gradedAnswers(answers: ReadonlyMap<string, AnswerRecord>): GradedAnswer[] {
  return [...answers.values()].flatMap(
    ({ id, type, correct, chosen, parsed, error, losses, medium }): GradedAnswer[] => {
      if (correct === null) return [];
      const reads = Object.keys(parsed).length > 0 && !error && !losses;
      return [{ id, type, correct, video: medium, ...(reads ? { parsed: chosen !== null } : {}) }];
    },
  );
}

/** What the run's model is called in tables; random weights are said. */
export function systemName({ vlm }: RunFile): string {
  return `${basename(vlm.dir)}${vlm.weights === 'random' ? ' (untrained random weights)' : ''}`;
}
