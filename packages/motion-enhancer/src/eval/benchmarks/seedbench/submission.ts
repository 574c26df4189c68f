import type { AnswerRecord } from '../../run/answer-record.js';
import type { Submission } from '../benchmark.js';

/**
 * SEED-Bench's leaderboard file: a line {question_id, prediction} a question that has an answer.
 * Source: AILab-CVC/SEED-Bench eval.py, README.
 */
export function seedBenchSubmission(answers: ReadonlyMap<string, AnswerRecord>): Submission {
  const lines = [...answers.values()].flatMap(({ id, chosen }) =>
    chosen === null ? [] : [`${JSON.stringify({ question_id: id, prediction: chosen })}\n`],
  );
  return { name: 'submission.jsonl', text: lines.join('') };
}
