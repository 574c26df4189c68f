import type { AnswerRecord } from '../../run/answer-record.js';
import type { Submission } from '../benchmark.js';
import { submissionLetters } from './official.js';

/**
 * MotionBench's leaderboard file: {uid: letter}, the letters as the authors' own tool makes them of the replies. Questions
 * that could not be asked are left out.
 * Source: THUDM/MotionBench scripts/random_answers.json, motionbench/utils/answer_util.py.
 */
export function motionBenchSubmission(answers: ReadonlyMap<string, AnswerRecord>): Submission {
  const replies = [...answers.values()].flatMap(({ id, output }) => (output === null ? [] : [[id, output] as const]));
  const letters = submissionLetters(replies);
  return {
    name: 'submission.json',
    text: `${JSON.stringify(Object.fromEntries(letters), null, 1)}\n`,
    unread: [...letters.values()].filter((letter) => !/^[A-F]$/.test(letter)).length,
  };
}
