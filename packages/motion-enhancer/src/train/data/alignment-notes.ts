import type { Row } from '../../data/rows.js';
import type { StepLog } from '../record/step-log.js';
import type { PriorIndex } from './prior-index.js';

/** How many rows have a prior, what becomes of the others, and why those have none. */
export function coverage(rows: readonly Row[], index: Pick<PriorIndex, 'lacks' | 'grid' | 'size'>): string {
  const reasons = rows.map((row) => index.lacks(row)).filter((reason) => reason !== null);
  const { frames, height, width } = index.grid;
  const others = reasons.length > 0 ? `, ${reasons.length} learn from their answers alone (${counted(reasons)})` : '';
  return `priors: ${rows.length - reasons.length} of ${rows.length} rows have one of the store's ${index.size}${others}; alignment grid ${frames} × ${height} × ${width}`;
}

/** `3: why, 1: why`, the commonest first. */
export function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count}: ${reason}`)
    .join(', ');
}

/** What became of the selected words over a run. */
export function wordsOf(log: readonly Pick<StepLog, 'words' | 'droppedWords' | 'aligned' | 'samples'>[]): string {
  const sum = (pick: (step: (typeof log)[number]) => number) => log.reduce((n, step) => n + pick(step), 0);
  const [found, dropped] = [sum((step) => step.words), sum((step) => step.droppedWords)];
  const samples = sum((step) => step.samples.length);
  const share = found + dropped === 0 ? 0 : (100 * dropped) / (found + dropped);
  return `words: ${found} aligned, ${dropped} (${share.toFixed(1)} %) not found in their chats and dropped; ${sum((step) => step.aligned)} of ${samples} samples aligned`;
}
