import { cat, type DType, scope, type Tensor } from '@motion-enhancer/libtorch';
import { crossStreamTaps, type StreamAttention } from './cross-stream.js';
import { hasText, isX, planSteps, STREAMS, type StepStreams, type Stream } from './streams.js';
import type { Denoiser } from './video-diffusion.js';

/** What a reconstruction step hands to the capture of each layer. */
export interface StepAttention extends StreamAttention {
  step: number;
}

export interface Conditioning {
  /** Embedding of each clip's text, [clips, T, D] */
  text: Tensor;
  /** Embedding of "" (the negative prompt), [1, T, D] */
  empty: Tensor;
}

/** Called after each denoising or inversion step. */
export type OnStep = (done: number, total: number) => void;

/**
 * Inversion with the prompt "" (docs/method.md 1.3): noises x0 `steps` times upward.
 * @param x0 latents of clips, [clips, …]
 * @returns R, the latents after each step in ascending noise order, of x0's shape each
 */
export function invert(model: Denoiser, x0: Tensor, empty: Tensor, steps: number, onStep?: OnStep): Tensor[] {
  const levels = model.sampler.levels(steps).reverse();
  const trajectory: Tensor[] = [];
  let x = x0;
  levels.forEach((level, i) => {
    x = scope(() => {
      const out = model.denoise(x, ofEach(empty, x0.size(0)), level.inverseTime);
      return model.sampler.invert(x.to(stepDtype(x)), out.to(stepDtype(x)), level).to(x.dtype);
    });
    trajectory.push(x);
    onStep?.(i + 1, levels.length);
  });
  return trajectory;
}

/** Step arithmetic runs in float32 for half latents, as in the reference script. */
const stepDtype = (x: Tensor): DType => (x.dtype === 'float64' ? 'float64' : 'float32');

/** One for all clips, or one each. */
const ofEach = (x: Tensor, clips: number): Tensor => (x.size(0) === clips ? x : x.expand(clips, ...x.shape.slice(1)));

export interface ReconstructOptions {
  steps: number;
  /** g of v = v_neg + g (v_pos − v_neg) */
  guidance: number;
  /** Start of x: seeded noise of x0's shape (one for all clips, or one each), or the last latents of the inversion. */
  start: Tensor;
  /** Sees the attention of every layer of every step that `captured` names streams of. */
  capture?: (attention: StepAttention) => void;
  /** The streams that `capture` reads of a step; all four unless told. What nobody reads and x does not need is not computed. */
  captured?: (step: number) => readonly Stream[];
  /** Whether the reconstruction is wanted too (the default), or only its attention. */
  outcome?: boolean;
  onStep?: OnStep;
}

/**
 * Denoises `start` while every layer lets the x streams attend to the inverted latents of the same noise level
 * (cross-stream memory, docs/method.md 1.4).
 * @param trajectory R of `invert`, ascending
 * @returns x after each step, descending noise; without `outcome` only as far as x was needed
 */
export function reconstruct(
  model: Denoiser,
  trajectory: readonly Tensor[],
  conditioning: Conditioning,
  options: ReconstructOptions,
): Tensor[] {
  const { steps, guidance, capture, captured = () => STREAMS, outcome = true, onStep } = options;
  const levels = model.sampler.levels(steps);
  const captureOf = levels.map((_, step) => (capture ? captured(step) : []));
  const plans = planSteps(captureOf, outcome);
  const clips = trajectory[0]!.size(0);
  const states: Tensor[] = [];
  let x = ofEach(options.start, clips);
  levels.forEach((level, step) => {
    const plan = plans[step]!;
    const seen = captureOf[step]!.length > 0 ? capture : undefined;
    const taps = crossStreamTaps(model.attention, {
      ...{ clips, plan },
      capture: seen && ((attention) => seen({ ...attention, step })),
    });
    const out = scope(() => {
      if (plan.streams.length === 0) return null;
      const batch = batchOf(plan, conditioning, x, trajectory[steps - 1 - step]!);
      return model.denoise(batch.latents, batch.texts, level.time, taps);
    });
    if (out && plan.advances) {
      x = scope(() => {
        const [negative, positive] = [0, clips].map((at) => out.narrow(0, at, clips).to(stepDtype(x))) as [
          Tensor,
          Tensor,
        ];
        const guided = negative.add(positive.sub(negative), guidance); // S5: v = v_neg + g (v_pos − v_neg)
        return model.sampler.step(x.to(stepDtype(x)), guided, level).to(x.dtype);
      });
      states.push(x);
    }
    out?.dispose();
    onStep?.(step + 1, levels.length);
  });
  return states;
}

/** The streams of a step, one after another, each with all clips. */
function batchOf({ streams }: StepStreams, { text, empty }: Conditioning, x: Tensor, reference: Tensor) {
  const clips = reference.size(0);
  return {
    latents: cat(streams.map((stream) => (isX(stream) ? x : reference))),
    texts: cat(streams.map((stream) => ofEach(hasText(stream) ? text : empty, clips))),
  };
}
