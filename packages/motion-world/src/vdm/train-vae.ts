import { cat, empty, Generator, keep, noGrad, randint, scope, type Tensor } from '@motion-enhancer/libtorch';
import { mapTensors } from '../train/map-tensors.js';
import { type SegmentLine, trainSegment } from '../train/segment.js';
import { frozenVae } from './checkpoint.js';
import { lastTap } from './last-tap.js';
import { type Part, vaeOf } from './parts.js';
import { warmCosine } from './train-options.js';
import { vaeLoss } from './vae-loss.js';

/** Frames of a training window: as many as are decoded at once, over which group norms take their statistics. */
const WINDOW = 2;

export interface VaeLeg {
  out: string;
  /** uint8 [clips, frames, size, size, 3] */
  bank: Tensor;
  steps: number;
  batch: number;
  lr: number;
  seconds: number;
  seed: number;
  dtype: 'float32' | 'bfloat16';
  onLog(line: SegmentLine): void;
}

/** Trains until the segment ends; when the last step is done, `part` holds the average weights. @returns whether it is */
export function trainVae(part: Part, o: VaeLeg): boolean {
  const trees = vaeOf(part);
  const { device } = o.bank;
  const [clips, frames] = [o.bank.size(0), o.bank.size(1)];
  const result = trainSegment({
    out: o.out,
    seconds: o.seconds,
    total: o.steps,
    parameters: part.tensors,
    learningRate: (step) => warmCosine(step, o.steps, o.lr),
    ema: 0.998,
    logEvery: 100,
    loss: (step) => {
      const generator = new Generator(o.seed + 1000003 * (step + 1), device);
      try {
        const video = noGrad(() => {
          const index = randint(0, clips, [o.batch], { generator, device });
          const start = (step * 7) % (frames - WINDOW + 1);
          return asVideo(o.bank.narrow(1, start, WINDOW).indexSelect(0, index), o.dtype);
        });
        const { encoder, decoder } = trees;
        const half = mapTensors({ encoder, decoder }, (t) => lastTap(t).to(o.dtype));
        return vaeLoss(video, { config: trees.config, ...half }, generator);
      } finally {
        generator.dispose();
      }
    },
    onLog: o.onLog,
  });
  noGrad(() => {
    for (const [name, average] of result.averages) {
      if (result.finished) part.tensors.get(name)!.copy_(average);
      average.dispose();
    }
  });
  return result.finished;
}

/** uint8 [B, T, H, W, 3] → [B, 3, T, H, W] in [−1, 1] */
export const asVideo = (frames: Tensor, dtype: 'float32' | 'bfloat16'): Tensor =>
  frames.to('float32').div(127.5).sub(1).permute(0, 4, 1, 2, 3).contiguous().to(dtype);

/** Clips encoded at a time. */
const PIECE = 64;

/**
 * The modes of all clips' latents, scaled to unit size: [clips, Flat, C, h, w], the caller's to free. The scale goes into
 * the part's config, as `scaling_factor`, unless it has one.
 */
export function encodeBank(part: Part, bank: Tensor, dtype: 'float32' | 'bfloat16'): Tensor {
  if (part.config.scaling_factor === 1) part.config.scaling_factor = scalingFactor(part, bank, dtype);
  const factor = part.config.scaling_factor as number;
  const vae = frozenVae(part, dtype);
  try {
    return noGrad(() => {
      const clips = bank.size(0);
      let latents: Tensor | null = null;
      for (let at = 0; at < clips; at += PIECE) {
        scope(() => {
          const video = asVideo(bank.narrow(0, at, Math.min(PIECE, clips - at)), dtype);
          const piece = vae.encode(video).mean.mul(factor).permute(0, 2, 1, 3, 4); // [B, Flat, C, h, w]
          latents ??= keep(empty([clips, ...piece.shape.slice(1)], { dtype, device: bank.device }));
          latents.narrow(0, at, piece.size(0)).copy_(piece);
        });
      }
      return latents!;
    });
  } finally {
    vae.dispose();
  }
}

/** 1 / standard deviation of the latents of the first clips. */
function scalingFactor(part: Part, bank: Tensor, dtype: 'float32' | 'bfloat16'): number {
  const vae = frozenVae(part, dtype);
  try {
    return scope(() =>
      noGrad(() => {
        const some = [0, 1, 2, 3].map((i) => (i * bank.size(0)) >> 2);
        const means = some.map((at) => {
          const count = Math.min(32, bank.size(0) - at);
          return vae
            .encode(asVideo(bank.narrow(0, at, count), dtype))
            .mean.to('float32')
            .reshape(-1);
        });
        return Number((1 / cat(means).std().item()).toPrecision(6));
      }),
    );
  } finally {
    vae.dispose();
  }
}
