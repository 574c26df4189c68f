import { join } from 'node:path';
import { writeText } from '../../data/write-text.js';
import { submissionLetters } from '../metrics/index.js';
import type { AnswerRecord } from './answer-record.js';

/**
 * MotionBench's leaderboard file: {uid: letter}, the letters as the authors' own tool makes them of the replies. Questions
 * that could not be asked are left out.
 * Source: THUDM/MotionBench scripts/random_answers.json, motionbench/utils/answer_util.py.
 * @returns its path, and how many letters are none of A to F
 */
export function writeSubmission(
  dir: string,
  answers: ReadonlyMap<string, AnswerRecord>,
): { path: string; odd: number } {
  const replies = [...answers.values()].flatMap(({ id, output }) => (output === null ? [] : [[id, output] as const]));
  const letters = submissionLetters(replies);
  const path = join(dir, 'submission.json');
  writeText(path, `${JSON.stringify(Object.fromEntries(letters), null, 1)}\n`);
  return { path, odd: [...letters.values()].filter((letter) => !/^[A-F]$/.test(letter)).length };
}
