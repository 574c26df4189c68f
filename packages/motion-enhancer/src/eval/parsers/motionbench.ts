import { pyFirst, pyStrip } from './python-text.js';

/** Source: THUDM/MotionBench @ dcc9b07 motionbench/utils/answer_util.py (polish_answer). */
export function polishAnswer(reply: string): string {
  let answer = pyStrip(pyStrip(reply).split(')')[0]!);
  if (answer.includes('(')) answer = pyStrip(answer.split('(')[1]!);
  return pyFirst(answer.split(' ')[0]!);
}

/**
 * Which of two answers to one uid stays: the old one where it holds an A, B, C or D anywhere.
 * Source: THUDM/MotionBench @ dcc9b07 motionbench/utils/answer_util.py (get_better_one).
 */
export function betterAnswer(answer: string, old: string): string {
  return old !== '' && /[A-D]/.test(old) ? old : answer;
}
