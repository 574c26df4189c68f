import { UserError } from '@motion-enhancer/support';
import { clusterBootstrap, type Interval, pairedBootstrap, type Stratum } from './bootstrap.js';
import type { ScoreLayout } from './layout.js';
import { type McNemar, mcnemar } from './mcnemar.js';
import type { GradedAnswer } from './score-table.js';

export interface AnswerComparison {
  /** Questions that both runs answered; everything else here is about these. */
  pairs: number;
  /** Ids that only one run has. */
  onlyInA: string[];
  onlyInB: string[];
  bothRight: number;
  bothWrong: number;
  /** Ids by what changed from a to b. */
  wrongToRight: string[];
  rightToWrong: string[];
  /** b − a, in 0–1, with bootstrap 95 % intervals. */
  overall: Interval;
  average: Interval;
  types: ({ key: string; pairs: number } & Interval)[];
  /** `overall` where whole videos are drawn; null where the videos are not known. */
  byVideo: Interval | null;
  mcnemar: McNemar;
  resamples: number;
  seed: number;
}

export interface CompareOptions {
  /** Default 10,000. */
  resamples?: number;
  seed?: number;
}

/**
 * Two runs on the same questions, paired by id.
 * @throws UserError ERR_VALUE: no question in common, an id twice in a run, an id of two types
 */
export function compareAnswers(
  a: Iterable<GradedAnswer>,
  b: Iterable<GradedAnswer>,
  layout: ScoreLayout,
  { resamples = 10_000, seed = 0 }: CompareOptions = {},
): AnswerComparison {
  const [first, second] = [byId(a, 'first'), byId(b, 'second')];
  const pairs = [...first.values()].flatMap((answer) => {
    const other = second.get(answer.id);
    if (other && keyOf(layout, other.type) !== keyOf(layout, answer.type))
      throw new UserError(
        `Expected one type for question ${answer.id} but received "${answer.type}" and "${other.type}". Compare runs on the same benchmark.`,
        { code: 'ERR_VALUE' },
      );
    return other ? [{ ...answer, before: answer.correct, after: other.correct }] : [];
  });
  if (pairs.length === 0)
    throw new UserError(
      'Expected questions in common for the two runs but received none. Compare runs on one benchmark.',
      {
        code: 'ERR_VALUE',
      },
    );
  const difference = ({ before, after }: (typeof pairs)[number]): number => Number(after) - Number(before);
  const stratum = (some: readonly (typeof pairs)[number][]): Stratum => ({
    differences: Int8Array.from(some, difference),
  });
  const ofType = layout.types.map(({ key }) => pairs.filter(({ type }) => keyOf(layout, type) === key));
  const boot = pairedBootstrap(ofType.map(stratum), resamples, seed);
  const wrongToRight = pairs.filter((pair) => difference(pair) > 0).map(({ id }) => id);
  const rightToWrong = pairs.filter((pair) => difference(pair) < 0).map(({ id }) => id);
  return {
    pairs: pairs.length,
    onlyInA: [...first.keys()].filter((id) => !second.has(id)),
    onlyInB: [...second.keys()].filter((id) => !first.has(id)),
    bothRight: pairs.filter(({ before, after }) => before && after).length,
    bothWrong: pairs.filter(({ before, after }) => !before && !after).length,
    wrongToRight,
    rightToWrong,
    overall: boot.overall,
    average: boot.average,
    types: layout.types.map(({ key }, i) => ({ key, pairs: ofType[i]!.length, ...boot.strata[i]! })),
    byVideo: pairs.every(({ video }) => video !== undefined)
      ? clusterBootstrap(groups(pairs, ({ video }) => video).map(stratum), resamples, seed)
      : null,
    mcnemar: mcnemar(rightToWrong.length, wrongToRight.length),
    resamples,
    seed,
  };
}

function groups<T>(list: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const map = new Map<unknown, T[]>();
  for (const item of list) {
    const group = map.get(keyOf(item));
    if (group) group.push(item);
    else map.set(keyOf(item), [item]);
  }
  return [...map.values()];
}

const keyOf = (layout: ScoreLayout, type: string): string => {
  const found = layout.types.find(({ key, name }) => key === type || name === type);
  if (found) return found.key;
  throw new UserError(`Expected a type of question that the benchmark has but received "${type}". Correct the row.`, {
    code: 'ERR_VALUE',
  });
};

function byId(answers: Iterable<GradedAnswer>, run: string): Map<string, GradedAnswer> {
  const map = new Map<string, GradedAnswer>();
  for (const answer of answers) {
    if (map.has(answer.id))
      throw new UserError(
        `Expected each question once in the ${run} run but received ${answer.id} twice. Merge its files again.`,
        {
          code: 'ERR_VALUE',
        },
      );
    map.set(answer.id, answer);
  }
  return map;
}
