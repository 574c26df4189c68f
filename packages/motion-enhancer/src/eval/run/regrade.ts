import type { EvalQuestion } from '../benchmarks/question.js';
import { rankByLoss } from '../judges/loss-ranking.js';
import type { JudgeName } from '../judges/types.js';
import type { AnswerRecord } from './answer-record.js';
import { grade, gradeChoice } from './grade.js';

/** The same record with what parsers read and judges say worked out again from the reply or the losses. */
export function regrade(record: AnswerRecord, judge: JudgeName | null): AnswerRecord {
  const { output, losses, error, options, letters, right } = record;
  if (error || options.length === 0) return record;
  const place = right === null ? -1 : letters.indexOf(right);
  const question = { ...record, answer: options[place] ?? null } as unknown as EvalQuestion;
  if (losses) {
    // JSON has no NaN.
    const ranking = rankByLoss(
      losses.map((loss) => [(loss as number | null) ?? Number.NaN]),
      'sum',
    );
    return { ...record, ...gradeChoice(question, letters[ranking.choice] ?? '') };
  }
  if (output === null || judge === null) return record;
  const grades = grade(question, output, judge);
  // Without the right option's text only what was read can be known: it is hidden, or none of the options (FAVOR).
  return question.answer === null
    ? { ...record, parsed: grades.parsed, chosen: grades.chosen }
    : { ...record, ...grades };
}
