import { join } from 'node:path';
import { writeText } from '@motion-enhancer/support';
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

/**
 * SEED-Bench's leaderboard file: a line {question_id, prediction} a question that has an answer.
 * Source: AILab-CVC/SEED-Bench eval.py, README.
 */
export function writeSeedSubmission(dir: string, answers: ReadonlyMap<string, AnswerRecord>): string {
  const path = join(dir, 'submission.jsonl');
  const lines = [...answers.values()].flatMap(({ id, chosen }) =>
    chosen === null ? [] : [`${JSON.stringify({ question_id: id, prediction: chosen })}\n`],
  );
  writeText(path, lines.join(''));
  return path;
}

/**
 * Replies as the authors of Video-MME score them: a video with its questions, each with its `response`.
 * Source: BradyFU/Video-MME evaluation/output_test_template.json.
 */
export function writeVideoMmeOutput(dir: string, answers: ReadonlyMap<string, AnswerRecord>): string {
  const videos = new Map<string, { questions: object[] }>();
  for (const { id, type, tags, question, options, letters, right, output } of answers.values()) {
    const video_id = id.replace(/-\d+$/, '');
    const { domain, sub_category, task_type } = tags;
    const video = videos.get(video_id) ?? { video_id, duration: type, domain, sub_category, questions: [] as object[] };
    videos.set(video_id, video);
    const written = options.map((option, i) => `${letters[i]}. ${option}`);
    const asked = { question_id: id, task_type, question, options: written, answer: right, response: output ?? '' };
    video.questions.push(asked);
  }
  const path = join(dir, 'videomme_output.json');
  writeText(path, `${JSON.stringify([...videos.values()], null, 1)}\n`);
  return path;
}
