import { MOTION_TYPES, type World } from '../generate/index.js';
import { trainedAccuracy } from './classifier.js';
import { CHEATS, type Cheat, type Example, examples } from './features.js';

export interface CheckOptions {
  /** Default `still-camera`. */
  world?: World;
  /** Clips of the train split that a cheat learns from. */
  train: number;
  /** Clips that it is tested on: of `train` again (other indices), or of `test` */
  test: number;
  split: 'train' | 'test';
  steps: number;
  cheats?: readonly Cheat[];
  onCheat?(cheat: Cheat): void;
}

export interface CheckRow {
  cheat: Cheat;
  type: string;
  questions: number;
  accuracy: number;
  /** Wilson's 95 % interval */
  low: number;
  high: number;
}

/** Trains each cheat on each type of question, and tests it on clips it has not seen. */
export function runCheck(o: CheckOptions): CheckRow[] {
  return (o.cheats ?? CHEATS).flatMap((cheat) => {
    o.onCheat?.(cheat);
    const { world = 'still-camera', split } = o;
    const learnt = examples({ world, split: 'train', first: 0, count: o.train }, cheat);
    const tested = examples({ world, split, first: split === 'train' ? o.train : 0, count: o.test }, cheat);
    const of = (set: readonly Example[], type: string) => set.filter((example) => example.type === type);
    return MOTION_TYPES.map((type) => {
      const test = of(tested, type);
      const accuracy = trainedAccuracy(of(learnt, type), test, { steps: o.steps, hidden: 48, lr: 3e-3, seed: 0 });
      return { cheat, type, questions: test.length, accuracy, ...wilson(accuracy, test.length) };
    });
  });
}

/** 95 % interval of a share p of n. */
export function wilson(p: number, n: number): { low: number; high: number } {
  const z = 1.96;
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { low: middle - half, high: middle + half };
}

/** One-sided 5 % over a table of 30 cells (Bonferroni). */
const SURELY_ABOVE = 2.94;

/** A Markdown table, a row a cheat; accuracies that are above chance even for the best of a table of chances are marked. */
export function checkText(rows: readonly CheckRow[]): string {
  const lines = [`| seen | ${MOTION_TYPES.join(' | ')} |`, `|---|${MOTION_TYPES.map(() => '---|').join('')}`];
  for (const cheat of new Set(rows.map((row) => row.cheat))) {
    const cells = MOTION_TYPES.map((type) => {
      const { accuracy, low, high, questions } = rows.find((row) => row.cheat === cheat && row.type === type)!;
      const text = `${(100 * accuracy).toFixed(1)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
      return accuracy > 0.25 + SURELY_ABOVE * Math.sqrt((0.25 * 0.75) / questions) ? `**${text}**` : text;
    });
    lines.push(`| ${cheat} | ${cells.join(' | ')} |`);
  }
  return lines.join('\n');
}
