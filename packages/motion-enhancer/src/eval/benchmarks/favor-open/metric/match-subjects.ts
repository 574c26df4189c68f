import { bestAssignment } from './assignment.js';
import { SETTINGS } from './settings.js';
import { type Similarities, subjectNounBonus } from './similarity.js';
import type { SubjectActions } from './types.js';

/**
 * Predicted subject → annotated subject, best pairs first; one pair at least.
 * Source: FAVOR-Bench LLM-free_step2_compare.py (match_subjects). Its last step, which would let several predicted
 * subjects share one, never finds any: the assignment has left each a subject of its own.
 */
export function matchSubjects(
  gt: SubjectActions,
  pred: SubjectActions,
  similarities: Similarities,
): Map<number, number> {
  const [gtIds, predIds] = [[...gt.subjects.keys()], [...pred.subjects.keys()]];
  const matrix = predIds.map((predId) =>
    gtIds.map((gtId) =>
      subjectSimilarity(
        pred.subjects.get(predId)!,
        gt.subjects.get(gtId)!,
        pred.actions.get(predId) ?? [],
        gt.actions.get(gtId) ?? [],
        similarities,
      ),
    ),
  );
  const pairs = bestAssignment(matrix)
    .map(([i, j]) => ({ pred: predIds[i]!, gt: gtIds[j]!, similarity: matrix[i]![j]! }))
    .toSorted((a, b) => b.similarity - a.similarity);
  const sure = pairs.filter(({ similarity }) => similarity > SETTINGS.subject.least);
  return new Map((sure.length > 0 ? sure : pairs.slice(0, 1)).map((pair) => [pair.pred, pair.gt]));
}

function subjectSimilarity(
  predText: string,
  gtText: string,
  predActions: readonly string[],
  gtActions: readonly string[],
  similarities: Similarities,
): number {
  const [pred, gt] = [predText.toLowerCase(), gtText.toLowerCase()];
  const description = Math.min(1, similarities.texts(pred, gt) + subjectNounBonus(pred, gt));
  if (predActions.length === 0 || gtActions.length === 0) return description;
  const { description: words, actions, joined, each } = SETTINGS.subject;
  // Before the matrix, as upstream: the comparison of joined texts is remembered.
  const texts = similarities.texts(predActions.join(' '), gtActions.join(' '));
  const matrix = similarities.matrix(predActions, gtActions);
  const rows = matrix.map((row) => Math.max(...row));
  const columns = gtActions.map((_, j) => Math.max(...matrix.map((row) => row[j]!)));
  const best = (mean(rows) + mean(columns)) / 2;
  const action = Math.max(...rows) > 0 ? joined * texts + each * best : texts;
  return words * description + actions * action;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
