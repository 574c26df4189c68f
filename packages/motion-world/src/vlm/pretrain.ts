// Trains the mini VLM that everything else starts from: on still scenes of several objects and on single moving objects.

import { randomSource } from '@motion-enhancer/core/internal/train/data/order.js';
import { noGrad, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VL, Tokenizer } from '@motion-enhancer/models';
import type { World } from '../generate/index.js';
import { repeatRuns, runOf } from '../run-axis/model.js';
import { answerRuns, scoresOf, type TypeScores } from '../runs/evaluate-runs.js';
import { type ComputeDType, runLosses } from '../runs/step.js';
import { type SegmentLine, trainSegment } from '../train/segment.js';
import { checkQuestions } from './check-questions.js';
import { choicesOf, pretrainSample } from './pretrain-samples.js';
import { type ClipRange, type WorldData, worldData } from './world-data.js';

export interface PretrainOptions {
  world: World;
  model: Qwen25VL;
  tokenizer: Tokenizer;
  /** Folder of the state that a next segment goes on from. */
  out: string;
  /** Of this segment. */
  seconds: number;
  /** Steps in all. */
  total: number;
  batchSize: number;
  /** Clips of single movers, and of still scenes. */
  clips: number;
  lr: number;
  seed: number;
  dtype: ComputeDType;
  onStage(name: string, done: number, total: number): void;
  onLog(line: SegmentLine): void;
}

/** Chats about a clip, each with other turns. */
const CHATS = 3;

/** Of this many steps the rate goes up. */
const WARM = 100;

/** @returns the running averages of the weights by canonical name (the caller's to free), and how far training is */
export async function pretrain(o: PretrainOptions): Promise<{ step: number; weights: Map<string, Tensor> }> {
  const { model, tokenizer, world } = o;
  const { device, config } = model;
  const data = await worldData(
    [
      { world, split: 'pretrain', form: 'single', from: 0, count: o.clips },
      { world, split: 'pretrain', form: 'static', from: 0, count: o.clips },
    ],
    (texts) => texts.flatMap((text, clip) => Array.from({ length: CHATS }, (_, k) => pretrainSample(text, clip, k))),
    { config, tokenizer, device, onProgress: (done, total) => o.onStage('draw clips', done, total) },
  );
  const parameters = repeatRuns(model.parameters(), 1, device);
  try {
    const choose = batchOf(data, o);
    const { step, averages } = trainSegment({
      out: o.out,
      seconds: o.seconds,
      total: o.total,
      parameters,
      ema: 0.998,
      weightDecay: 0.05,
      learningRate: (at) =>
        at < WARM ? (o.lr * (at + 1)) / WARM : (o.lr * (1 + Math.cos((Math.PI * (at - WARM)) / (o.total - WARM)))) / 2,
      loss: (at) => {
        const index = tensor(choose(at), { dtype: 'int64', device, shape: [1, o.batchSize] });
        const model = { parameters, aligners: null, config, dtype: o.dtype };
        return runLosses(index, null, { ...data, alignment: null }, model).ar_R.sum();
      },
      onLog: o.onLog,
    });
    return { step, weights: averages };
  } finally {
    for (const p of parameters.values()) p.dispose();
    data.dispose();
  }
}

/** Samples of a step: they depend on its number alone. */
function batchOf({ samples }: WorldData, { seed, batchSize }: PretrainOptions): (step: number) => number[] {
  const count = samples.samples.length;
  return (step) => {
    const random = randomSource(seed * 1_000_003 + step);
    return Array.from({ length: batchSize }, () => Math.floor(random() * count));
  };
}

export interface MiniScores {
  /** Clips of the kinds that it was pre-trained on, never seen. */
  pretrain: TypeScores;
  /** The world itself, validation clips: several objects, one moves. */
  world: TypeScores;
}

const worldClips = (world: World, count: number): ClipRange => ({
  world,
  split: 'validation',
  form: 'world',
  from: 0,
  count,
});

/** Refuses so few clips that none of the world's has a question. @throws UserError ERR_VALUE */
export const checkScoredClips = (world: World, count: number, option: string): void =>
  checkQuestions(worldClips(world, count), option);

/** How the model answers questions about clips that no training sees. */
export async function scoreMini(
  weights: ReadonlyMap<string, Tensor>,
  o: Pick<PretrainOptions, 'world' | 'model' | 'tokenizer' | 'dtype'> &
    Partial<Pick<PretrainOptions, 'onStage'>> & { clips: number },
): Promise<MiniScores> {
  const { world, model, tokenizer, dtype } = o;
  const { device, config } = model;
  const score = async (name: string, ranges: Parameters<typeof worldData>[0]) => {
    const data = await worldData(ranges, (texts) => texts.flatMap(choicesOf), { config, tokenizer, device });
    const onProgress = (done: number, total: number) => o.onStage?.(name, done, total);
    const [answers] = answerRuns({
      parameters: weights,
      config,
      data,
      dtype,
      batchSize: device === 'cpu' ? 16 : 256,
      onProgress,
    });
    const scores = scoresOf(answers!, data.samples.samples);
    data.dispose();
    return scores;
  };
  const from = 2 ** 22;
  const result = {
    pretrain: await score('single and still', [
      { world, split: 'pretrain', form: 'single', from, count: o.clips },
      { world, split: 'pretrain', form: 'static', from, count: o.clips },
    ]),
    world: await score('world', [worldClips(world, o.clips)]),
  };
  return result;
}

/** Weights without their run axis of one, for a checkpoint: views. */
export const withoutRuns = (weights: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  noGrad(() => runOf(weights, 0));
