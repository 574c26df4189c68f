import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { World } from '../generate/index.js';
import type { TypeScores } from '../runs/evaluate-runs.js';
import type { RunRecipe } from '../runs/spec.js';
import { createExpander } from './compact.js';
import { type Condition, conditionKey, PLAIN } from './condition.js';

/** What all conditions of an experiment have in common. */
export interface RunSetup {
  /** Absent: `still-camera`, the only one that older results know. */
  world?: World;
  recipe: RunRecipe;
  dtype: string;
  /** sha256 of the weights that every run starts from. */
  start: string;
  /** Training clips that samples are drawn from, and test clips. */
  clips: number;
  testClips: number;
}

/** One run's outcome: a line of results.jsonl. */
export interface RunResult {
  arm: Condition;
  seed: number;
  steps: number;
  batchSize: number;
  lr: number;
  start: string;
  /** Lines of before there was one are of setups of their own. */
  setup?: RunSetup;
  /** What the condition's maps were made of (`TrainingPriors.made`); null without a prior. */
  maps?: string | null;
  /** Losses of the last step. */
  lossAr: number;
  lossAlign: number | null;
  lambda: number;
  /** Mean of λ‖∇L_MSE‖ / ‖∇L_AR‖. */
  gradRatio: number | null;
  /** Right answers and questions by type, on test clips. */
  scores: TypeScores;
}

/** Lines of a results file, whole or compact; a line that a crash cut off is left out. */
export function readResults(path: string): RunResult[] {
  if (!existsSync(path)) return [];
  let expand = createExpander();
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const row = expand(JSON.parse(line));
        // Settings that an older line does not name were not there yet: it has their defaults.
        return row.arm && row.scores ? [{ ...row, arm: { ...PLAIN, ...row.arm } } as RunResult] : [];
      } catch {
        // It may have been the head of what follows: short lines below must not be read by an older one.
        expand = createExpander();
        return [];
      }
    });
}

export function addResults(path: string, results: readonly RunResult[]): void {
  appendFileSync(path, results.map((result) => `${JSON.stringify(result)}\n`).join(''));
}

export const questionsOf = ({ scores }: Pick<RunResult, 'scores'>): number =>
  Object.values(scores).reduce((sum, [, count]) => sum + count, 0);

/** Equal for results that may be compared. */
export function setupKey(result: Pick<RunResult, 'setup' | 'steps' | 'batchSize' | 'lr' | 'start' | 'scores'>): string {
  if (result.setup) return setupText(result.setup);
  const { steps, batchSize, lr, start } = result;
  return JSON.stringify([steps, batchSize, lr, start, questionsOf(result)]);
}

export function setupText({ recipe, ...rest }: RunSetup): string {
  return JSON.stringify([recipe, rest].map((part) => Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Equal for runs that differ in their seeds at most, within one setup. */
export const seriesKey = ({ arm, maps }: Pick<RunResult, 'arm' | 'maps'>): string =>
  `${conditionKey(arm)} ${maps ?? ''}`;

/** Of runs that are equal in everything, the last. */
export function lastOfEach(results: readonly RunResult[]): RunResult[] {
  return [
    ...new Map(results.map((result) => [`${setupKey(result)} ${seriesKey(result)} ${result.seed}`, result])).values(),
  ];
}
