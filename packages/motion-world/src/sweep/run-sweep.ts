// Does alignment help? Many conditions and seeds of fine-tuning from one start, side by side on one device.

import type { Vlm } from '@motion-enhancer/core/internal/vlm/index.js';
import type { Qwen25VL } from '@motion-enhancer/models';
import { alignmentTable } from '../align/alignment-table.js';
import { conditionMaps } from '../align/maps-of-condition.js';
import type { World } from '../generate/index.js';
import { answerRuns, scoresOf, type TypeScores } from '../runs/evaluate-runs.js';
import type { RunRecipe, RunSpec } from '../runs/spec.js';
import type { ComputeDType } from '../runs/step.js';
import { type RunsLog, type TrainedRuns, trainRuns } from '../runs/train-runs.js';
import { checkQuestions } from '../vlm/check-questions.js';
import { choicesOf } from '../vlm/pretrain-samples.js';
import { type ClipRange, worldData } from '../vlm/world-data.js';
import { type Condition, mapKey } from './condition.js';
import { addResults, type RunResult, type RunSetup, readResults, seriesKey, setupText } from './results.js';
import { startScores } from './start-scores.js';
import { type TrainingData, type TrainingDataOptions, trainingData } from './training-data.js';
import { visualShare } from './visual-share.js';
import { weightsHash } from './weights-hash.js';

export interface SweepOptions {
  vlm: Vlm;
  world: World;
  arms: readonly Condition[];
  seeds: readonly number[];
  recipe: RunRecipe;
  /** Training clips: all of their questions are the samples that the conditions' data are drawn from. */
  clips: number;
  testClips: number;
  /** Files of priors of training clips. */
  priors: readonly string[];
  /** results.jsonl: a run that it holds with the same settings, recipe, clips and start is not run again. */
  results: string;
  /** Runs side by side at most. */
  atOnce: number;
  dtype: ComputeDType;
  onLine(line: string): void;
  onStep(line: RunsLog): void;
  onStage(name: string, done: number, total: number): void;
}

/**
 * Trains and evaluates what `results` does not hold yet, and adds it there.
 * @returns this experiment's runs, those done before among them
 * @throws UserError for too few training clips, test clips without questions, priors that are not there, a loss that is not finite
 */
export async function runSweep(o: SweepOptions): Promise<RunResult[]> {
  const model = o.vlm.model as Qwen25VL;
  const { device, config } = model;
  const common = { config, tokenizer: o.vlm.tokenizer, device };
  const least = Math.max(...o.arms.map((arm) => arm.data));
  const setup = setupOf(o);
  checkQuestions(testRange(o), 'test');
  const train = await trainingData({ ...common, ...o, least });
  try {
    const all = o.seeds.flatMap((seed) =>
      o.arms.map((arm) => ({ arm, seed, setup, maps: train.priors.made(arm.prior) })),
    );
    const keyOf = (run: Pick<RunResult, 'arm' | 'maps' | 'seed'>) => `${seriesKey(run)} ${run.seed}`;
    const ofSetup = () =>
      new Map(
        readResults(o.results).flatMap((result) =>
          result.setup && setupText(result.setup) === setupText(setup) ? [[keyOf(result), result]] : [],
        ),
      );
    const done = ofSetup();
    const waiting = [...new Map(all.map((run) => [keyOf(run), run])).values()].filter((run) => !done.has(keyOf(run)));
    if (waiting.length > 0) await runWaves(o, waiting, train, common);
    const found = ofSetup();
    return all.flatMap((run) => found.get(keyOf(run)) ?? []);
  } finally {
    train.data.dispose();
  }
}

type Waiting = Pick<RunResult, 'arm' | 'seed'> & { setup: RunSetup; maps: string | null };
type Common = Pick<TrainingDataOptions, 'config' | 'tokenizer' | 'device'>;

const setupOf = ({ vlm, world, recipe, dtype, clips, testClips }: SweepOptions): RunSetup => ({
  ...(world === 'still-camera' ? {} : { world }),
  ...{ recipe, dtype, clips, testClips },
  start: weightsHash(vlm.dir),
});

const testRange = ({ world, testClips }: SweepOptions): ClipRange => ({
  ...{ world, split: 'test', form: 'world', from: 0, count: testClips },
});

async function runWaves(
  o: SweepOptions,
  waiting: readonly Waiting[],
  train: TrainingData,
  common: Common,
): Promise<void> {
  const model = o.vlm.model as Qwen25VL;
  const { device, config } = common;
  const test = await worldData([testRange(o)], (texts) => texts.flatMap(choicesOf), {
    ...common,
    onProgress: (n, total) => o.onStage('draw test clips', n, total),
  });
  try {
    o.onLine(JSON.stringify({ start: startScores(model, test, o.dtype) }));
    const share = visualShare(model, train.data, train.words, o.dtype);
    o.onLine(`the start model gives the video ${(100 * share).toFixed(1)} % of an aligned word's attention`);
    const tableConditions = alignmentConditions(waiting.map(({ arm }) => arm));
    const alignment = alignmentTable(
      train.words,
      tableConditions.map((arm) => {
        const scale = arm.scale === 'raw' ? 'raw' : share;
        return conditionMaps(train.words, train.priors.maps(arm.prior), { ...arm, scale }, train.priors.grid);
      }),
      train.priors.grid,
      device,
    );
    const tableKeys = tableConditions.map(mapKey);
    try {
      for (let at = 0; at < waiting.length; at += o.atOnce) {
        const wave = waiting.slice(at, at + o.atOnce);
        o.onLine(`${wave.length} runs side by side (${at} of ${waiting.length} are done)`);
        const trained = trainRuns({
          ...{ start: model.parameters(), config, recipe: o.recipe, device, dtype: o.dtype },
          runs: wave.map(({ arm, seed }): RunSpec => {
            const { name, data, lambda, lambdaRatio, aligner, loss, prior } = arm;
            const target = prior === 'none' ? null : tableKeys.indexOf(mapKey(arm));
            return { condition: name, seed, data, lambda, lambdaRatio, aligner, loss, prior: target };
          }),
          data: { ...train.data, alignment },
          pool: train.words.length,
          onLog: o.onStep,
        });
        try {
          const answers = answerRuns({
            ...{ parameters: trained.parameters, config, data: test, dtype: o.dtype },
            onProgress: (n, total) => o.onStage('evaluate', n, total),
          });
          addResults(
            o.results,
            wave.map((run, r) => resultOf(o, run, trained, r, scoresOf(answers[r]!, test.samples.samples))),
          );
        } finally {
          for (const p of trained.parameters.values()) p.dispose();
        }
      }
    } finally {
      alignment.dispose();
    }
  } finally {
    test.dispose();
  }
}

function resultOf(o: SweepOptions, run: Waiting, trained: TrainedRuns, r: number, scores: TypeScores): RunResult {
  const { steps, batchSize, lr } = o.recipe;
  const aligned = run.arm.prior !== 'none';
  return {
    ...run,
    ...{ steps, batchSize, lr, start: o.vlm.dir },
    lossAr: trained.ar[r]!,
    lossAlign: aligned ? (trained.align?.[r] ?? null) : null,
    lambda: trained.lambda[r]!,
    gradRatio: aligned ? (trained.ratios?.[r] ?? null) : null,
    scores,
  };
}

/** Conditions with targets of their own; several settings may share them. */
function alignmentConditions(arms: readonly Condition[]): Condition[] {
  const aligned = arms.filter(({ prior }) => prior !== 'none');
  return [...new Map(aligned.map((arm) => [mapKey(arm), arm])).values()];
}
