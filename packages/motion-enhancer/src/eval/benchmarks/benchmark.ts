import type { ScoreLayout } from '../metrics/layout.js';
import type { ReportedTable } from '../paper/reported-table.js';
import type { Protocol } from '../prompts/types.js';
import type { AnswerRecord } from '../run/answer-record.js';
import type { RunFile } from '../run/run-settings.js';
import type { LoadedBenchmark } from './question.js';

/** A benchmark: one folder and one line of the table; nothing else asks for its name. */
export interface Benchmark {
  /** What `--bench` takes; unique. */
  readonly name: string;
  /** Parts of it that `--split` takes; the first is the default. */
  readonly splits: readonly [string, ...string[]];
  /**
   * Reads its files as the authors publish them. @param data the folder, or the file of the questions
   * @throws UserError ERR_DATA
   */
  load(data: string, split: string): LoadedBenchmark | Promise<LoadedBenchmark>;
  /** What the authors publish of each split; files that differ are refused. */
  readonly published?: Readonly<Record<string, Counts>>;
  /** Protocols of its questions, in the order in which tables list them; one is called `official`. */
  readonly protocols: readonly Protocol[];
  /** Which lines its table has; null where its score is no accuracy but what `score` says. */
  readonly layout: ScoreLayout | null;
  /** Whether videos may come with subtitles. */
  readonly subtitles?: boolean;
  /** A score that is no accuracy. @param dictionary file of word lists of its own, or '' */
  score?(answers: ReadonlyMap<string, AnswerRecord>, dictionary: string): TermScores;
  /**
   * What the authors' own script prints of a run's replies, quirks included: it stands beside the sound numbers.
   * @throws UserError where their script would fail
   */
  official?(answers: ReadonlyMap<string, AnswerRecord>, run: RunFile): object;
  /** The file that the authors' leaderboard or script takes, of a whole run. */
  submission?(answers: ReadonlyMap<string, AnswerRecord>): Submission;
  /** What the paper reports of it. */
  readonly reported?: ReportedTable;
}

/** Rows of a published file. */
export interface Counts {
  /** In all. */
  total?: number;
  /** Of each type. */
  types?: Readonly<Record<string, number>>;
  /** Types that must be there, none but them; where `types` are not known. */
  names?: readonly string[];
  source: string;
}

/** Means of terms over all questions asked for, of which those without an answer count 0. */
export interface TermScores {
  /** How it was scored and what that is comparable with: it stands in every score line. */
  rule: string;
  /** In the order of importance. */
  terms: readonly { name: string; mean: number; values: readonly number[] /* of each question, 0 to 1 */ }[];
  /** What else is written beside the scores: text by file name. */
  files?: Readonly<Record<string, string>>;
}

export interface Submission {
  /** Name of the file within the run's folder. */
  name: string;
  text: string;
  /** Replies that gave no answer which the leaderboard takes. */
  unread?: number;
}
