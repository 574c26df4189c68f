import type { Row } from '../../data/rows.js';
import type { StepLog } from '../record/step-log.js';
import type { PriorIndex } from './prior-index.js';

/** How many rows have a prior, and what becomes of the others. */
export function coverage(rows: readonly Row[], index: Pick<PriorIndex, 'has' | 'grid' | 'size'>): string {
  const having = rows.filter((row) => index.has(row)).length;
  const { frames, height, width } = index.grid;
  const others = rows.length - having;
  return `priors: ${having} of ${rows.length} rows have one of the store's ${index.size}${others > 0 ? `, ${others} learn from their answers alone` : ''}; alignment grid ${frames} × ${height} × ${width}`;
}

/** What became of the selected words over a run. */
export function wordsOf(log: readonly Pick<StepLog, 'words' | 'droppedWords' | 'aligned' | 'samples'>[]): string {
  const sum = (pick: (step: (typeof log)[number]) => number) => log.reduce((n, step) => n + pick(step), 0);
  const [found, dropped] = [sum((step) => step.words), sum((step) => step.droppedWords)];
  const samples = sum((step) => step.samples.length);
  const share = found + dropped === 0 ? 0 : (100 * dropped) / (found + dropped);
  return `words: ${found} aligned, ${dropped} (${share.toFixed(1)} %) not found in their chats and dropped; ${sum((step) => step.aligned)} of ${samples} samples aligned`;
}
