import { basename } from 'node:path';
import type { TermScores } from '../benchmarks/benchmark.js';
import { benchmarkOf } from '../benchmarks/table.js';
import type { JudgeName } from '../judges/types.js';
import { type GradedAnswer, type ScoreTable, scoreTable } from '../metrics/index.js';
import type { ParserName } from '../parsers/types.js';
import type { AnswerRecord } from '../run/answer-record.js';
import { readRunAnswers } from '../run/read-answers.js';
import { regrade } from '../run/regrade.js';
import { type RunFile, readRun } from '../run/run-settings.js';

/** What a run's folder amounts to. */
export interface RunScore {
  dir: string;
  run: RunFile;
  answers: ReadonlyMap<string, AnswerRecord>;
  /** Of questions whose answers are known; null where there is none. */
  table: ScoreTable | null;
  /** The benchmark's own score, where it is no accuracy. */
  own: TermScores | null;
  /** Questions that have no answer yet. */
  left: number;
  /** Questions that could not be asked: they count as wrong. */
  errors: number;
  /** Published rows that are no question: they are left out. */
  malformed: number;
  /** Lines of answers that are damaged and left out. */
  damaged: number;
  /** Lines of answers without checksums, of runs of an earlier version. */
  unchecked: number;
  /** Answers more than the run has questions: ids that the benchmark has not. Where `ids` are known, none. */
  surplus: number;
}

export interface ScoreRunOptions {
  /** Another one than the run's own; '' is its own. */
  judge?: string;
  /** File of word lists, for benchmarks whose own score reads one; '' is theirs. */
  dictionary?: string;
  /** Of the run's questions: answers to others do not count. */
  ids?: ReadonlySet<string>;
}

/**
 * Scores what a run has answered so far.
 * @throws UserError ERR_RUN
 */
export function scoreRun(dir: string, { judge = '', dictionary = '', ids }: ScoreRunOptions = {}): RunScore {
  const said = readRun(dir);
  // Only replies can be judged anew: ranked options and captions stay as they are.
  const name = said.settings.judge && judge !== '' ? (judge as JudgeName) : said.settings.judge;
  const run: RunFile = { ...said, settings: { ...said.settings, judge: name } };
  const { answers: all, damaged, unchecked } = readRunAnswers(dir, said);
  const known = ids ? new Map([...all].filter(([id]) => ids.has(id))) : all;
  const answers = name === null || name === said.settings.judge ? known : judgedBy(known, name);
  const { layout, score } = benchmarkOf(run.settings.benchmark);
  const graded = gradedAnswers(answers, name);
  return {
    dir,
    run,
    answers,
    table: layout && graded.length > 0 ? scoreTable(graded, layout) : null,
    own: score?.(answers, dictionary) ?? null,
    left: Math.max(0, run.data.questions - answers.size),
    errors: [...answers.values()].filter(({ error }) => error).length,
    malformed: run.bad.length,
    damaged,
    unchecked,
    surplus: Math.max(0, answers.size - run.data.questions),
  };
}

/** The same answers with another judge's verdicts, which every line has. */
function judgedBy(answers: ReadonlyMap<string, AnswerRecord>, judge: JudgeName): Map<string, AnswerRecord> {
  return new Map(
    [...answers].map(([id, record]) => {
      if (record.correct === null || record.error) return [id, record];
      // A judge that is younger than the run.
      const { parsed, judged } = judge in record.judged ? record : regrade(record, judge);
      return [
        id,
        { ...record, parsed, judged, correct: judged[judge] ?? false, chosen: parsed[judge as ParserName] ?? null },
      ];
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

/**
 * What the run's model is called in tables; random weights are said.
 * @param name of the run, where several stand in one table: two checkpoints may be called alike, as all of train's are
 */
export function systemName({ vlm }: RunFile, name?: string): string {
  const model = basename(vlm.dir);
  const random = vlm.weights === 'random' ? 'untrained random weights' : '';
  if (name !== undefined) return `${name} (${model}${random && `, ${random}`})`;
  return `${model}${random && ` (${random})`}`;
}
