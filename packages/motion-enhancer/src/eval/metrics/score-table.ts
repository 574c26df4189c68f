import { UserError } from '@motion-enhancer/support';
import type { ScoreLayout } from './layout.js';
import { type Proportion, proportion, Z95 } from './wilson.js';

/** One question's verdict. */
export interface GradedAnswer {
  id: string;
  /** `name` or `key` of a type of the layout. */
  type: string;
  /** A question that could not be asked (broken video) is wrong too. */
  correct: boolean;
  /** Whether an option could be read; absent where the judge reads none. */
  parsed?: boolean;
  /** Questions of one video hang together: `compareAnswers` can draw whole videos. */
  video?: string;
}

export interface TypeScore extends Proportion {
  key: string;
}

export interface ScoreTable {
  types: TypeScore[];
  groups: TypeScore[];
  /** All questions pooled: the paper's Overall. */
  overall: Proportion;
  /** Mean of the types' accuracies: the paper's Average. Types without a question are left out. */
  average: { accuracy: number; low: number; high: number };
  /** Questions whose reply could not be read, of those whose judge reads; null where none does. */
  unparsed: Proportion | null;
}

export interface ScoreOptions {
  /**
   * `answered` divides by the questions given here; `benchmark` by the layout's totals, so that questions not given count
   * as wrong (FAVOR's analyze_qa.py; MotionBench's DEV).
   */
  denominators?: 'answered' | 'benchmark';
}

/**
 * @throws UserError ERR_VALUE: a type that the layout has not; with `benchmark`, more answers than questions
 */
export function scoreTable(
  answers: Iterable<GradedAnswer>,
  layout: ScoreLayout,
  { denominators = 'answered' }: ScoreOptions = {},
): ScoreTable {
  const counts = new Map(layout.types.map(({ key }) => [key, { right: 0, total: 0 }]));
  const names = new Map(layout.types.flatMap(({ key, name }) => [[name, key] as const, [key, key] as const]));
  let [read, unread] = [0, 0];
  for (const { id, type, correct, parsed } of answers) {
    const count = counts.get(names.get(type) ?? '');
    if (!count)
      throw new UserError(
        `Expected a type of question (${[...names.keys()].join(', ')}) for ${id} but received "${type}". Correct the row, or choose the benchmark that it belongs to.`,
        { code: 'ERR_VALUE' },
      );
    count.total++;
    if (correct) count.right++;
    if (parsed !== undefined) read++;
    if (parsed === false) unread++;
  }
  if (denominators === 'benchmark')
    for (const { key, total } of layout.types) {
      const count = counts.get(key)!;
      if (total === undefined || count.total > total)
        throw new UserError(
          `Expected at most ${total ?? 'a known number of'} questions of type ${key} but received ${count.total}. Divide by the answered ones instead.`,
          { code: 'ERR_VALUE' },
        );
      count.total = total;
    }
  const pooled = (keys: readonly string[]): Proportion =>
    proportion(
      keys.reduce((sum, key) => sum + counts.get(key)!.right, 0),
      keys.reduce((sum, key) => sum + counts.get(key)!.total, 0),
    );
  const types = layout.types.map(({ key }) => ({ key, ...pooled([key]) }));
  return {
    types,
    groups: (layout.groups ?? []).map(({ key, types: keys }) => ({ key, ...pooled(keys) })),
    overall: pooled([...counts.keys()]),
    average: averageOf(types),
    unparsed: read === 0 ? null : proportion(unread, read),
  };
}

/**
 * The mean of the accuracies with a normal 95 % interval; each type's variance is taken at (right + 2) / (total + 4), as
 * Agresti and Coull do, since at 0 and 1 it would vanish.
 */
function averageOf(types: readonly Proportion[]): ScoreTable['average'] {
  const nonEmpty = types.filter(({ total }) => total > 0);
  if (nonEmpty.length === 0) return { accuracy: Number.NaN, low: 0, high: 1 };
  const accuracy = nonEmpty.reduce((sum, type) => sum + type.accuracy, 0) / nonEmpty.length;
  const variance = nonEmpty.reduce((sum, { right, total }) => {
    const p = (right + 2) / (total + 4);
    return sum + (p * (1 - p)) / (total + 4);
  }, 0);
  const half = (Z95 * Math.sqrt(variance)) / nonEmpty.length;
  return { accuracy, low: Math.max(0, accuracy - half), high: Math.min(1, accuracy + half) };
}
