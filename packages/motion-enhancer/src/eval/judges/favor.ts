import type { JudgedQuestion } from './types.js';

/**
 * The right option's text occurs in the reply, whatever the case.
 * Source: FAVOR-Bench/FAVOR-Bench before ce99cca inference_qa_qwen.py; also MotionSight's.
 */
export const favorJudgeBefore = (reply: string, { correct }: JudgedQuestion): boolean =>
  reply.toLowerCase().includes(correct.toLowerCase());

/**
 * The same, but not where another option that contains the right one (case-sensitive) occurs too (whatever the case).
 * Source: FAVOR-Bench/FAVOR-Bench @ 62c7e0f inference_qa_qwen.py (since 2025-05-16).
 */
export function favorJudge(reply: string, question: JudgedQuestion): boolean {
  const said = reply.toLowerCase();
  return (
    favorJudgeBefore(reply, question) &&
    !question.options.some(
      (option) =>
        option !== question.correct && option.includes(question.correct) && said.includes(option.toLowerCase()),
    )
  );
}
