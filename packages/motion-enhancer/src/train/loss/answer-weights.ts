import type { Turn } from '../../data/rows.js';

const IGNORED = -100;

/**
 * What is learned of a conversation whose answers weigh differently. Labels of an answer are neighbours, and prompts stand
 * between answers, so that the k-th run of labels is the k-th answer's.
 * @returns labels without the answers of weight 0, and a weight a place; null where every answer weighs alike
 */
export function weighAnswers(
  labels: readonly number[],
  turns: readonly Pick<Turn, 'role' | 'weight'>[],
): { labels: number[]; weights: number[] | null } {
  const answers = turns.filter(({ role }) => role === 'assistant').map(({ weight = 1 }) => weight);
  if (answers.every((weight) => weight === 1)) return { labels: [...labels], weights: null };
  let answer = -1;
  const weights = labels.map((label, i) => {
    if (label === IGNORED) return 0;
    if (i === 0 || labels[i - 1] === IGNORED) answer++;
    return answers[answer] ?? 1;
  });
  return {
    labels: labels.map((label, i) => (weights[i] === 0 ? IGNORED : label)),
    weights: answers.every((weight) => weight === 0 || weight === 1) ? null : weights,
  };
}
