import { UserError } from '@motion-enhancer/support';
import { betterAnswer, polishAnswer } from '../../parsers/motionbench.js';
import { pyStrip } from '../../parsers/python-text.js';
import type { AnswerRecord } from '../../run/answer-record.js';
import type { RunFile } from '../../run/run-settings.js';
import { readJsonLines } from '../read-file.js';

/** A line of MotionBench's video_info.meta.jsonl, as far as scoring reads it. */
export interface MotionBenchLine {
  question_type: string;
  qa: readonly { uid: string; answer: string }[];
}

/** What the authors' compute_accuracy returns. */
export interface MotionBenchAccuracy {
  /** Of each type, over answered DEV questions. */
  types: Record<string, number>;
  acc: number;
  answered_acc: number;
  total_qa_num: number;
  total_answered_num: number;
  right_num: number;
}

/**
 * Raw replies to letters as the authors' submission tool makes them: later replies to one uid count only where the kept
 * letter is none of A–D.
 * Source: THUDM/MotionBench @ dcc9b07 motionbench/utils/answer_util.py (construct_answer).
 */
export function submissionLetters(
  replies: Iterable<readonly [uid: string, reply: string | null]>,
): Map<string, string> {
  const letters = new Map<string, string>();
  for (const [uid, reply] of replies) {
    const answer = pyStrip(reply ?? '');
    const old = letters.get(uid);
    letters.set(uid, polishAnswer(old === undefined ? answer : betterAnswer(answer, old)));
  }
  return letters;
}

/**
 * The authors' numbers to the letter, quirks included: an answered question of the test split counts as answered but not
 * in the total, an unanswered one in the total; types divide by answered questions. For sound numbers use `scoreTable`.
 * Source: THUDM/MotionBench @ dcc9b07 motionbench/metrics/compute_accuracy.py.
 * @throws UserError ERR_VALUE where the authors' code raises TypeError: a line with two answered questions whose later
 *   one is of DEV
 */
export function officialMotionBench(
  answers: ReadonlyMap<string, string>,
  lines: Iterable<MotionBenchLine>,
): MotionBenchAccuracy {
  const types = new Map<string, { right: number; total: number }>();
  let [total, answered, right] = [0, 0, 0];
  for (const { question_type: type, qa } of lines) {
    let wrapped = 0;
    for (const { uid, answer } of qa) {
      if (answers.has(uid)) {
        answered++;
        wrapped++;
        if (answer === 'NA') continue;
        if (wrapped > 1)
          throw new UserError(
            `Expected one answered question a video for MotionBench's official accuracy but received several (${uid}): the authors' code raises TypeError there. Use the per-type table instead.`,
            { code: 'ERR_VALUE' },
          );
        const count = types.get(type) ?? { right: 0, total: 0 };
        types.set(type, count);
        count.total++;
        if (answers.get(uid) === answer) {
          count.right++;
          right++;
        }
      }
      total++;
    }
  }
  return {
    types: Object.fromEntries([...types].map(([type, count]) => [type, count.right / count.total])),
    acc: right / total,
    answered_acc: right / answered,
    total_qa_num: total,
    total_answered_num: answered,
    right_num: right,
  };
}

/** The same of a run. @throws UserError */
export function officialMotionBenchOf(answers: ReadonlyMap<string, AnswerRecord>, run: RunFile): MotionBenchAccuracy {
  const lines = readJsonLines(run.data.file).flatMap(({ value }) => {
    const line = value as MotionBenchLine | undefined;
    return Array.isArray(line?.qa) ? [line] : [];
  });
  const replies = [...answers.values()].flatMap(({ id, output }) => (output === null ? [] : [[id, output] as const]));
  return officialMotionBench(submissionLetters(replies), lines);
}
