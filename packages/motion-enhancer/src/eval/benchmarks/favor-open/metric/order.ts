import { SETTINGS } from './settings.js';

/**
 * Whether matched actions come in the annotation's order: Kendall's tau (ties count against it) over the first match of
 * each annotated action, of which half can be lost. With fewer than three matches only the lists' lengths speak. The
 * authors' branch for long sequences multiplies by 1 and is left out.
 * Source: FAVOR-Bench LLM-free_step2_compare.py (evaluate_action_order).
 */
export function orderScore(mapping: ReadonlyMap<number, number>, preds: number, gts: number): number {
  const { least, short, penalty } = SETTINGS.order;
  if (mapping.size < least) {
    if (preds >= least) return 1 - short * 1.5;
    return gts < least ? 1 : 1 - short;
  }
  const first = new Map<number, number>();
  for (const [pred, gt] of mapping) first.set(gt, Math.min(pred, first.get(gt) ?? pred));
  const inOrder = [...first].toSorted((a, b) => a[1] - b[1]).map(([gt]) => gt);
  const tau = kendallTau(inOrder);
  return 1 - (1 - (tau + 1) / 2) * penalty;
}

/** Of a sequence against its places. */
function kendallTau(sequence: readonly number[]): number {
  const n = sequence.length;
  if (n <= 1) return 1;
  let balance = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) balance += sequence[i]! < sequence[j]! ? 1 : -1;
  return balance / ((n * (n - 1)) / 2);
}
