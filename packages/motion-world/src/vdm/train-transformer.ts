import { Generator, noGrad, scope, type Tensor, tensorsIn } from '@motion-enhancer/libtorch';
import { mapTensors } from '../train/map-tensors.js';
import { type SegmentLine, trainSegment } from '../train/segment.js';
import { denoiseBatch, denoiseLoss, denoiseTables, type LatentBank } from './denoise-loss.js';
import { type Part, textEncoderOf, transformerOf } from './parts.js';
import { warmCosine } from './train-options.js';

export interface TransformerLeg {
  out: string;
  bank: LatentBank;
  steps: number;
  batch: number;
  /** Share of noise levels from the upper half. */
  noisy: number;
  lr: number;
  ema: number;
  seconds: number;
  seed: number;
  /** Each step's passes as one CUDA graph. */
  recorded: boolean;
  onLog(line: SegmentLine): void;
}

/**
 * Trains transformer and text encoder together, products in the dtype of the latents, until the segment ends; the parts then
 * hold the average weights.
 * @returns steps done of all segments
 */
export function trainTransformer(transformer: Part, text: Part, o: TransformerLeg): number {
  const denoiser = transformerOf(transformer);
  const encoder = textEncoderOf(text);
  const { device, dtype } = o.bank.latents;
  const tables = noGrad(() => denoiseTables(o.bank, denoiser.config, encoder.config));
  const parameters = new Map<string, Tensor>([
    ...[...transformer.tensors].map(([name, t]) => [`transformer.${name}`, t] as const),
    ...[...text.tensors].map(([name, t]) => [`text.${name}`, t] as const),
  ]);
  const result = trainSegment({
    out: o.out,
    seconds: o.seconds,
    total: o.steps,
    parameters,
    learningRate: (step) => warmCosine(step, o.steps, o.lr),
    weightDecay: 0.01,
    ema: o.ema,
    logEvery: 100,
    recorded: o.recorded,
    inputs: (step) => {
      const generator = new Generator(o.seed + 1000003 * (step + 1) + 1, device);
      try {
        const { x, v, level, ids } = denoiseBatch(o.bank, o.batch, o.noisy, tables, generator);
        return [x, v, level, ids];
      } finally {
        generator.dispose();
      }
    },
    loss: (_, inputs) => {
      const [x, v, level, ids] = inputs as [Tensor, Tensor, Tensor, Tensor];
      const half = mapTensors({ denoiser: denoiser.weights, encoder: encoder.weights }, (t) => t.to(dtype));
      return denoiseLoss(
        { x, v, level, ids },
        { config: denoiser.config, weights: half.denoiser },
        { config: encoder.config, weights: half.encoder },
        tables,
      );
    },
    onLog: o.onLog,
  });
  scope(() =>
    noGrad(() => {
      for (const [name, average] of result.averages) {
        parameters.get(name)!.copy_(average);
        average.dispose();
      }
    }),
  );
  for (const tensor of tensorsIn(tables)) tensor.dispose();
  return result.step;
}
