// What an experiment says of its conditions, in numbers: tables and pictures are made of it.
import { expected } from '@motion-enhancer/support';
import { accuracyOf, type TypeScores } from '../runs/evaluate-runs.js';
import { type Condition, conditionKey } from './condition.js';
import { conditionOf, conditionText } from './condition-text.js';
import { lastOfEach, type RunResult, seriesKey, setupKey } from './results.js';
import { type Interval, interval95, mean } from './statistics.js';

/** All questions as one, the mean of the types, and the types. */
export const COLUMNS = ['overall', 'average', 'MR', 'LM', 'AO', 'RC', 'MO', 'CM'] as const;
export type Column = (typeof COLUMNS)[number];

export interface ConditionComparison {
  arm: Condition;
  /** The condition's settings; where two rows have the same, what their maps were made of too. */
  name: string;
  runs: number;
  /** Mean accuracy over the runs, %; NaN where there are no such questions. */
  accuracy: Record<Column, number>;
  /** Seeds that plain fine-tuning on as much data has too; 0 for plain itself. */
  pairs: number;
  /** Differences to plain fine-tuning in points, over those pairs. */
  toPlain: Record<Column, Interval>;
  /** Difference to the same condition with `other`, all questions; no pairs where there is none. */
  toControl: Interval;
  /** Mean of λ‖∇L_MSE‖ / ‖∇L_AR‖; NaN without alignment. */
  gradRatio: number;
}

export interface SetupComparison {
  runs: readonly RunResult[];
  arms: ConditionComparison[];
}

/**
 * Every setup's conditions, compared with plain fine-tuning on as much data, in pairs of one seed, and with their own control.
 * Only runs of one setup are compared, and of equal runs the last counts.
 * @param order texts of conditions that come first
 */
export function compareConditions(results: readonly RunResult[], order: readonly string[] = []): SetupComparison[] {
  const places = new Map(order.map((text, i) => [conditionKey(conditionOf(text)), i]));
  const place = ({ arm }: ConditionComparison) => places.get(conditionKey(arm)) ?? order.length;
  return grouped(lastOfEach(results), setupKey).map((runs) => {
    const series = grouped(runs, seriesKey);
    const names = series.map(([one]) => conditionText(one!.arm));
    const arms = series.map((one, i) => {
      const alone = names.filter((name) => name === names[i]).length === 1;
      return compareCondition(one, series, alone ? names[i]! : `${names[i]} (${one[0]!.maps ?? 'maps unknown'})`);
    });
    return { runs, arms: arms.sort((a, b) => place(a) - place(b)) };
  });
}

/** Of the setups that were recorded, the one with the most runs; null where none was. */
export function mainSetup(setups: readonly SetupComparison[]): SetupComparison | null {
  const recorded = setups.filter(({ runs }) => runs[0]?.setup);
  const maxRuns = Math.max(...recorded.map(({ runs }) => runs.length));
  return recorded.find(({ runs }) => runs.length === maxRuns) ?? null;
}

/**
 * The same with the rows of these conditions alone, and of plain fine-tuning on as much data; setups without any are left out.
 * @throws UserError for a condition that no setup has
 */
export function onlyConditions(setups: readonly SetupComparison[], texts: readonly string[]): SetupComparison[] {
  const wanted = new Map(texts.map((text) => [conditionKey(conditionOf(text)), text]));
  const has = ({ arm }: ConditionComparison) => wanted.has(conditionKey(arm));
  const found = new Set(setups.flatMap(({ arms }) => arms.map(({ arm }) => conditionKey(arm))));
  for (const [key, text] of wanted)
    if (!found.has(key)) throw expected('an arm that the results have', '--arm', text, 'See the table without --only.');
  return setups.flatMap(({ runs, arms }) => {
    const named = arms.filter(has);
    const data = new Set(named.map(({ arm }) => arm.data));
    const kept = arms.filter((one) => has(one) || (one.arm.prior === 'none' && data.has(one.arm.data)));
    return named.length === 0 ? [] : [{ runs, arms: kept }];
  });
}

function compareCondition(
  runs: readonly RunResult[],
  series: readonly RunResult[][],
  name: string,
): ConditionComparison {
  const { arm, maps } = runs[0]!;
  const isPlain = arm.prior === 'none';
  const plain = series.find(([other]) => other!.arm.prior === 'none' && other!.arm.data === arm.data);
  const control = seriesKey({ arm: { ...arm, of: 'other' }, maps: maps ?? null });
  const others = series.find(([other]) => seriesKey(other!) === control);
  const toPlain = isPlain ? [] : pairsOf(runs, plain ?? []);
  const toControl = isPlain || arm.of === 'other' ? [] : pairsOf(runs, others ?? []);
  return {
    ...{ arm, name, runs: runs.length, pairs: toPlain.length },
    accuracy: byColumn((column) => mean(runs.map(({ scores }) => percentOf(scores, column)))),
    toPlain: byColumn((column) => difference(toPlain, column)),
    toControl: difference(toControl, 'overall'),
    gradRatio: mean(runs.flatMap(({ gradRatio }) => gradRatio ?? [])),
  };
}

type Pair = readonly [RunResult, RunResult];

const pairsOf = (runs: readonly RunResult[], others: readonly RunResult[]): Pair[] =>
  runs.flatMap((run) => {
    const other = others.find(({ seed }) => seed === run.seed);
    return other ? [[run, other] as const] : [];
  });

const difference = (pairs: readonly Pair[], column: Column): Interval =>
  interval95(pairs.map(([a, b]) => percentOf(a.scores, column) - percentOf(b.scores, column)));

const percentOf = (scores: TypeScores, column: Column): number => {
  if (column === 'overall' || column === 'average') return 100 * accuracyOf(scores)[column];
  const [right, count] = scores[column] ?? [0, Number.NaN];
  return (100 * right) / count;
};

const byColumn = <T>(value: (column: Column) => T) =>
  Object.fromEntries(COLUMNS.map((column) => [column, value(column)])) as Record<Column, T>;

function grouped<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()];
}
