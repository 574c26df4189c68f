import { basename } from 'node:path';
import {
  type CaptionScores,
  type FavorDictionary,
  type MotionRecord,
  scoreCaptions,
} from '../benchmarks/favor-open/metric/index.js';
import type { JudgeName } from '../judges/types.js';
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
import type { ParserName } from '../parsers/types.js';
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
  /** FAVOR's open metric, of captions. */
  captions: CaptionScores | null;
  /** Questions that have no answer yet. */
  left: number;
  /** Questions that could not be asked: they count as wrong. */
  errors: number;
  /** Published rows that are no question: they are left out. */
  malformed: number;
}

export interface ScoreRunOptions {
  /** Another one than the run's own; '' is its own. */
  judge?: string;
  /** FAVOR's word lists, for captions; ours by default. */
  dictionary?: FavorDictionary | undefined;
}

/**
 * Scores what a run has answered so far.
 * @throws UserError ERR_RUN
 */
export function scoreRun(dir: string, { judge = '', dictionary }: ScoreRunOptions = {}): RunScore {
  const said = readRun(dir);
  // Only replies can be judged anew: ranked options and captions stay as they are.
  const name = said.settings.judge && judge !== '' ? (judge as JudgeName) : said.settings.judge;
  const run: RunFile = { ...said, settings: { ...said.settings, judge: name } };
  const answers = name === said.settings.judge ? readAnswers(dir) : judgedBy(readAnswers(dir), name!);
  const layout = LAYOUTS[run.settings.benchmark];
  const graded = gradedAnswers(answers, name);
  return {
    dir,
    run,
    answers,
    table: layout && graded.length > 0 ? scoreTable(graded, layout) : null,
    captions: run.settings.benchmark === 'favor-open' ? captionScores(answers, dictionary) : null,
    left: Math.max(0, run.data.questions - answers.size),
    errors: [...answers.values()].filter(({ error }) => error).length,
    malformed: run.bad.length,
  };
}

/** The same answers with another judge's verdicts, which every line has. */
function judgedBy(answers: ReadonlyMap<string, AnswerRecord>, judge: JudgeName): Map<string, AnswerRecord> {
  return new Map(
    [...answers].map(([id, record]) => {
      const { correct, error, parsed, judged } = record;
      if (correct === null || error) return [id, record];
      return [id, { ...record, correct: judged[judge] ?? false, chosen: parsed[judge as ParserName] ?? null }];
    }),
  );
}

/** Answers that count, as the metrics take them. */
export function gradedAnswers(answers: ReadonlyMap<string, AnswerRecord>, judge: JudgeName | null): GradedAnswer[] {
  return [...answers.values()].flatMap(
    ({ id, type, correct, chosen, parsed, error, losses, medium }): GradedAnswer[] => {
      if (correct === null) return [];
      const reads = judge !== null && judge in parsed && !error && !losses;
      return [{ id, type, correct, video: medium, ...(reads ? { parsed: chosen !== null } : {}) }];
    },
  );
}

/** Captions against their annotations: FAVOR's LLM-free metric. A video without a caption scores 0. */
function captionScores(
  answers: ReadonlyMap<string, AnswerRecord>,
  dictionary: FavorDictionary | undefined,
): CaptionScores {
  const records = [...answers.values()];
  const annotations = Object.fromEntries(records.map(({ id, annotation }) => [id, motionRecord(annotation)]));
  const captions = Object.fromEntries(
    records.flatMap(({ id, output }) => (output === null ? [] : [[id, output] as const])),
  );
  return scoreCaptions(annotations, captions, dictionary ? { dictionary } : {});
}

/** The fields that the metric reads, as text: video_perspective.json has lists in places. */
function motionRecord(annotation: unknown): MotionRecord {
  const raw = (annotation ?? {}) as Record<string, unknown>;
  const text = (value: unknown, joint: string) =>
    Array.isArray(value) ? value.map(String).join(joint) : typeof value === 'string' ? value : '';
  return {
    camera_motion: text(raw.camera_motion, ', '),
    motion_list: text(raw.motion_list, '\n'),
    chronological_motion_list: text(raw.chronological_motion_list, ', '),
  };
}

/** What the run's model is called in tables; random weights are said. */
export function systemName({ vlm }: RunFile): string {
  return `${basename(vlm.dir)}${vlm.weights === 'random' ? ' (untrained random weights)' : ''}`;
}
