// Does alignment help? Many arms and seeds of fine-tuning from one start, side by side on one device.

import { UserError } from '@motion-enhancer/libtorch';
import type { Qwen25VL } from '@motion-enhancer/models';
import type { Grid } from '../../align/index.js';
import type { Vlm } from '../../vlm/index.js';
import { alignedWords } from '../align/aligned-words.js';
import { alignmentTable } from '../align/alignment-table.js';
import { armMaps, type ClipWords, type PriorMaps } from '../align/maps-of-arm.js';
import { coverage } from '../align/mask-maps.js';
import { answerRuns, scoresOf } from '../runs/evaluate-runs.js';
import { repeatRuns } from '../runs/model.js';
import type { RunRecipe, RunSpec } from '../runs/spec.js';
import { type ComputeDType, visualGrid } from '../runs/step.js';
import { type RunsLog, trainRuns } from '../runs/train-runs.js';
import { choicesOf } from '../vlm/pretrain-samples.js';
import { openSample } from '../vlm/samples.js';
import { type WorldData, worldData } from '../vlm/world-data.js';
import type { Arm } from './arms.js';
import { readPriorFile } from './prior-file.js';
import { addResults, type RunResult, readResults } from './results.js';
import { visualShare } from './visual-share.js';

export interface LadderOptions {
  vlm: Vlm;
  arms: readonly Arm[];
  seeds: readonly number[];
  recipe: RunRecipe;
  /** Training clips: all of their questions are the samples that the arms' data are drawn from. */
  clips: number;
  testClips: number;
  /** Files of priors of training clips. */
  priors: readonly string[];
  /** results.jsonl: what it holds already is not run again. */
  results: string;
  /** Runs side by side at most. */
  atOnce: number;
  dtype: ComputeDType;
  onLine(line: string): void;
  onStep(line: RunsLog): void;
  onStage(name: string, done: number, total: number): void;
}

export async function runLadder(o: LadderOptions): Promise<RunResult[]> {
  const model = o.vlm.model as Qwen25VL;
  const { device, config } = model;
  const { tokenizer } = o.vlm;
  const done = new Set(readResults(o.results).map(({ arm, seed }) => `${arm.name} ${seed}`));
  const waiting = o.seeds.flatMap((seed) =>
    o.arms.filter(({ name }) => !done.has(`${name} ${seed}`)).map((arm) => ({ arm, seed })),
  );
  if (waiting.length === 0) return readResults(o.results);
  const common = { config, tokenizer, device };
  const train = await trainingData(o, common);
  const test = await worldData(
    [{ split: 'test', form: 'world', from: 0, count: o.testClips }],
    (texts) => texts.flatMap(choicesOf),
    { ...common, onProgress: (n, total) => o.onStage('draw test clips', n, total) },
  );
  try {
    scoreStart(o, test);
    const share = visualShare(model, train.data, train.words, o.dtype);
    o.onLine(`the start model gives the video ${(100 * share).toFixed(1)} % of an aligned word's attention`);
    const tableArms = alignmentArms(o.arms);
    const alignment = alignmentTable(
      train.words,
      tableArms.map((arm) =>
        armMaps(train.words, train.prior(arm.prior), { ...arm, scale: arm.scale === 'raw' ? 'raw' : share }),
      ),
      train.grid,
      device,
    );
    try {
      for (let at = 0; at < waiting.length; at += o.atOnce) {
        const wave = waiting.slice(at, at + o.atOnce);
        o.onLine(`${wave.length} runs side by side (${at} of ${waiting.length} are done)`);
        const runs = wave.map(
          ({ arm, seed }): RunSpec => ({
            ...{ arm: arm.name, seed, data: arm.data, lambda: arm.lambda, lambdaRatio: arm.lambdaRatio },
            aligner: arm.aligner,
            prior: arm.prior === 'none' ? null : tableArms.findIndex((other) => keyOf(other) === keyOf(arm)),
          }),
        );
        const trained = trainRuns({
          ...{ start: model.parameters(), config, runs, recipe: o.recipe, device, dtype: o.dtype },
          data: { ...train.data, alignment },
          pool: train.words.length,
          onLog: o.onStep,
        });
        try {
          o.onStage('evaluate', at + wave.length, waiting.length);
          const answers = answerRuns({ parameters: trained.parameters, config, data: test, dtype: o.dtype });
          addResults(
            o.results,
            wave.map(({ arm, seed }, r) => ({
              ...{ arm, seed, steps: o.recipe.steps, batchSize: o.recipe.batchSize, lr: o.recipe.lr, start: o.vlm.dir },
              lossAr: trained.ar[r]!,
              lossAlign: arm.prior === 'none' ? null : (trained.align?.[r] ?? null),
              lambda: trained.lambda[r]!,
              gradRatio: arm.prior === 'none' ? null : (trained.ratios?.[r] ?? null),
              scores: scoresOf(answers[r]!, test.samples.samples),
            })),
          );
        } finally {
          for (const p of trained.parameters.values()) p.dispose();
        }
      }
    } finally {
      alignment.dispose();
    }
  } finally {
    train.data.dispose();
    test.dispose();
  }
  return readResults(o.results);
}

const keyOf = ({ prior, of, words, rows, scale }: Arm) => `${prior} ${of} ${words} ${rows} ${scale}`;

/** Arms with targets of their own; several settings may share them. */
function alignmentArms(arms: readonly Arm[]): Arm[] {
  const aligned = arms.filter(({ prior }) => prior !== 'none');
  return [...new Map(aligned.map((arm) => [keyOf(arm), arm])).values()];
}

interface TrainingData {
  data: WorldData;
  words: ClipWords[];
  grid: Grid;
  prior(name: string): PriorMaps;
}

/** All questions of the first training clips, a sample each. */
async function trainingData(
  o: LadderOptions,
  common: { config: Qwen25VL['config']; tokenizer: Vlm['tokenizer']; device: string },
): Promise<TrainingData> {
  const chosen: { clip: number; question: number }[] = [];
  const data = await worldData(
    [{ split: 'train', form: 'world', from: 0, count: o.clips }],
    (texts) => {
      texts.forEach(({ questions }, clip) => {
        for (const question of questions.keys()) chosen.push({ clip, question });
      });
      return chosen.map(({ clip, question }) => {
        const asked = texts[clip]!.questions[question]!;
        return openSample(clip, { ...asked, question: asked.stem });
      });
    },
    { ...common, masks: true, onProgress: (n, total) => o.onStage('draw training clips', n, total) },
  );
  const most = Math.max(...o.arms.map((arm) => arm.data));
  if (chosen.length < most)
    throw new UserError(
      `Expected at least ${most} questions for data but the first ${o.clips} training clips have ${chosen.length}. Take more --clips, or fewer --data.`,
      { code: 'ERR_VALUE' },
    );
  const words = chosen.map(({ clip, question }) => {
    const text = data.texts[clip]!;
    return { clip, words: alignedWords(text, text.questions[question]!, data.layout) };
  });
  const files = o.priors.map(readPriorFile);
  const grid = files[0]?.grid ?? visualGrid(data.layout, common.config);
  const masks: PriorMaps = {
    map(clip, captionWord) {
      const { captionWords, scene } = data.texts[clip]!;
      const { role, object } = captionWords[captionWord]!;
      const index = role === 'motion' ? scene.mover : (object ?? null);
      return index === null ? null : coverage(data.masks!, clip, index, grid);
    },
    kept: () => true,
  };
  const prior = (name: string): PriorMaps => {
    if (name === 'masks') return masks;
    const parts = files.flatMap((file) => file.arms.get(name) ?? []);
    if (parts.length === 0) {
      const known = [...new Set(files.flatMap((file) => [...file.arms.keys()]))];
      throw new UserError(
        `Expected a prior of the files (${known.join(', ') || 'none were given'}) for arm but received "${name}". Make it with world priors --arms, and give the file as --priors.`,
        { code: 'ERR_PRIOR' },
      );
    }
    const first = <T>(read: (part: PriorMaps) => T | null) => {
      for (const part of parts) {
        const found = read(part);
        if (found !== null) return found;
      }
      return null;
    };
    return {
      map: (clip, word) => first((part) => part.map(clip, word)),
      kept: (clip, word) => parts.some((part) => part.kept(clip, word)),
    };
  };
  return { data, words, grid, prior };
}

/** The start model's own line, once. */
function scoreStart(o: LadderOptions, test: WorldData): void {
  const model = o.vlm.model as Qwen25VL;
  const parameters = repeatRuns(model.parameters(), 1, model.device);
  try {
    const data = { parameters, config: model.config, data: test, dtype: o.dtype };
    const scores = scoresOf(answerRuns(data)[0]!, test.samples.samples);
    o.onLine(JSON.stringify({ start: scores }));
  } finally {
    for (const p of parameters.values()) p.dispose();
  }
}
