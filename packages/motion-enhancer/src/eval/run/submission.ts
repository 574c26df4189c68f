import { join } from 'node:path';
import { writeText } from '../../data/write-text.js';
import type { CaptionScores } from '../favor/index.js';
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

/**
 * Captions as the authors' step 1 leaves them for their step 2: {id: {model_caption, camera_motion, …}}.
 * @returns its path
 */
export function writeCaptionRecords(dir: string, { videos }: CaptionScores): string {
  const path = join(dir, 'favor_step1.json');
  const records = Object.fromEntries(Object.entries(videos).map(([id, { record }]) => [id, record]));
  writeText(path, `${JSON.stringify(records, null, 1)}\n`);
  return path;
}
