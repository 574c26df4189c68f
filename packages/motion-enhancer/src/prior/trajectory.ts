import { cat, type DType, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Attend, attentionWithLse, type CogVideoXTransformer, type DdimSchedule } from '@motion-enhancer/models';
import { mergeByLse } from './merge.js';

/** What a reconstruction step hands to the capture: queries, keys and log-sum-exps of the four rows of the batch. */
export interface StepAttention {
  layer: number;
  step: number;
  /** [4, heads, T + S, headDim]; rows x·neg, x·pos, R·neg, R·pos */
  q_BHND: Tensor;
  k_BHND: Tensor;
  /** Over a row's own keys: [4, heads, T + S]. Rows of R only where the capture asked for them. */
  ownLse(row: number): Tensor;
  /** Of the x rows (0, 1) over their own and R's keys: [1, heads, T + S]. */
  jointLse(row: number): Tensor;
}

export interface Conditioning {
  /** [1, T, D], embedding of the sample's text */
  text: Tensor;
  /** [1, T, D], embedding of "" (the negative prompt) */
  empty: Tensor;
}

/** Called after each denoising or inversion step. */
export type OnStep = (done: number, total: number) => void;

/**
 * DDIM inversion with the prompt "" (method.md 1.3): noises x0 `steps` times upward.
 * @returns R, the latents after each step in ascending noise order, [1, Flat, C, h, w] each
 */
export function invert(
  model: CogVideoXTransformer,
  schedule: DdimSchedule,
  x0: Tensor,
  empty: Tensor,
  steps: number,
  onStep?: OnStep,
): Tensor[] {
  const levels = [...schedule.timesteps(steps)].reverse();
  const trajectory: Tensor[] = [];
  let x = x0;
  levels.forEach((t, i) => {
    x = scope(() => {
      // diffusers asks the model at the level that the step leads to, with the latents of the level below.
      const v = model.forward(x, empty, t);
      return schedule.inverseStep(v.to(stepDtype(x)), t, x.to(stepDtype(x)), steps).to(x.dtype);
    });
    trajectory.push(x);
    onStep?.(i + 1, levels.length);
  });
  return trajectory;
}

/** Step arithmetic runs in float32 for half latents, as in the reference script. */
const stepDtype = (x: Tensor): DType => (x.dtype === 'float64' ? 'float64' : 'float32');

export interface ReconstructOptions {
  steps: number;
  /** g of v = v_neg + g (v_pos − v_neg) */
  guidance: number;
  /** Start of x: seeded noise of x0's shape, or the last latents of the inversion. */
  start: Tensor;
  /** Sees the attention of every layer of every step. */
  capture?: (attention: StepAttention) => void;
  onStep?: OnStep;
}

/**
 * Denoises `start` while every block lets the x rows attend to the inverted latents of the same noise level
 * (cross-stream memory, method.md 1.4).
 * @param trajectory R of `invert`, ascending
 * @returns x after each step, descending noise
 */
export function reconstruct(
  model: CogVideoXTransformer,
  schedule: DdimSchedule,
  trajectory: readonly Tensor[],
  { text, empty }: Conditioning,
  options: ReconstructOptions,
): Tensor[] {
  const { steps, guidance, capture, onStep } = options;
  const levels = schedule.timesteps(steps);
  const texts = cat([empty, text, empty, text]);
  const states: Tensor[] = [];
  let x = options.start;
  levels.forEach((t, step) => {
    const reference = trajectory[steps - 1 - step]!;
    x = scope(() => {
      const batch = cat([x, x, reference, reference]);
      const attend: Attend = (q, k, v, { layer }) =>
        attendWithMemory(q, k, v, (parts) => capture?.({ layer, step, q_BHND: q, k_BHND: k, ...parts }));
      const v = model.forward(batch, texts, t, { attend }).to(stepDtype(x));
      const negative = v.narrow(0, 0, 1);
      const guided = negative.add(v.narrow(0, 1, 1).sub(negative), guidance);
      return schedule.step(guided, t, x.to(stepDtype(x)), steps).to(x.dtype);
    });
    states.push(x);
    onStep?.(step + 1, levels.length);
  });
  return states;
}

type Lses = Pick<StepAttention, 'ownLse' | 'jointLse'>;

/**
 * The four rows of a block: x over [own ; R], R over its own. Joint attention is two fused calls merged by their
 * log-sum-exps, which the capture needs anyway; no keys are concatenated.
 */
function attendWithMemory(q: Tensor, k: Tensor, v: Tensor, capture: (parts: Lses) => void): Tensor {
  const [xq, rq] = q.chunk(2) as [Tensor, Tensor];
  const [xk, rk] = k.chunk(2) as [Tensor, Tensor];
  const [xv, rv] = v.chunk(2) as [Tensor, Tensor];
  const own = attentionWithLse(xq, xk, xv);
  const memory = attentionWithLse(xq, rk, rv);
  const merged = mergeByLse(own, memory);
  const reference = attentionWithLse(rq, rk, rv);
  capture({
    ownLse: (row) => (row < 2 ? own.lse_BHN.narrow(0, row, 1) : reference.lse_BHN.narrow(0, row - 2, 1)),
    jointLse: (row) => merged.lse_BHN.narrow(0, row, 1),
  });
  return cat([merged.out, reference.out]);
}
