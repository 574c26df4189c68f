import { aten, cat, type DType, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Attend, attentionWithLse, type CogVideoXTransformer, type DdimSchedule } from '@motion-enhancer/models';
import { mergeByLse_ } from './merge.js';
import { hasText, isX, planSteps, ROWS, type Row, type StepRows } from './step-rows.js';

/** What a reconstruction step hands to the capture: queries, keys and log-sum-exps of the rows that it computes. */
export interface StepAttention {
  layer: number;
  step: number;
  /** Queries of a row: [heads, T + S, headDim]. */
  q(row: Row): Tensor;
  k(row: Row): Tensor;
  /** Over a row's own keys: [1, heads, T + S]. */
  ownLse(row: Row): Tensor;
  /** Of an x row over its own and R's keys: [1, heads, T + S]. */
  jointLse(row: Row): Tensor;
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
 * DDIM inversion with the prompt "" (docs/method.md 1.3): noises x0 `steps` times upward.
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
  /** Sees the attention of every layer of every step that `captured` names rows of. */
  capture?: (attention: StepAttention) => void;
  /** The rows that `capture` reads of a step; all four unless told. What nobody reads and x does not need is not computed. */
  captured?: (step: number) => readonly Row[];
  /** Whether the reconstruction is wanted too (the default), or only its attention. */
  outcome?: boolean;
  onStep?: OnStep;
}

/**
 * Denoises `start` while every block lets the x rows attend to the inverted latents of the same noise level
 * (cross-stream memory, docs/method.md 1.4).
 * @param trajectory R of `invert`, ascending
 * @returns x after each step, descending noise; without `outcome` only as far as x was needed
 */
export function reconstruct(
  model: CogVideoXTransformer,
  schedule: DdimSchedule,
  trajectory: readonly Tensor[],
  { text, empty }: Conditioning,
  options: ReconstructOptions,
): Tensor[] {
  const { steps, guidance, capture, captured = () => ROWS, outcome = true, onStep } = options;
  const levels = schedule.timesteps(steps);
  const captureOf = levels.map((_, step) => (capture ? captured(step) : []));
  const plans = planSteps(captureOf, outcome);
  const states: Tensor[] = [];
  let x = options.start;
  levels.forEach((t, step) => {
    const plan = plans[step]!;
    const seen = captureOf[step]!.length > 0 ? capture : undefined;
    const v = scope(() => {
      if (plan.rows.length === 0) return null;
      const reference = trajectory[steps - 1 - step]!;
      const batch = cat(plan.rows.map((row) => (isX(row) ? x : reference)));
      const texts = cat(plan.rows.map((row) => (hasText(row) ? text : empty)));
      const attend: Attend = (q_BHND, k_BHND, v_BHND, { layer }) => {
        const last = layer === model.config.numLayers - 1;
        return attendWithMemory({ q_BHND, k_BHND, v_BHND }, plan, last, (attention) =>
          seen?.({ layer, step, ...attention }),
        );
      };
      return model.forward(batch, texts, t, { attend });
    });
    if (v && plan.advances) {
      x = scope(() => {
        const [negative, positive] = [0, 1].map((row) => v.narrow(0, row, 1).to(stepDtype(x))) as [Tensor, Tensor];
        const guided = negative.add(positive.sub(negative), guidance);
        return schedule.step(guided, t, x.to(stepDtype(x)), steps).to(x.dtype);
      });
      states.push(x);
    }
    v?.dispose();
    onStep?.(step + 1, levels.length);
  });
  return states;
}

interface Heads {
  q_BHND: Tensor;
  k_BHND: Tensor;
  v_BHND: Tensor;
}

/**
 * The rows of a block: x over [own ; R], R over its own. Joint attention is two fused calls merged by their
 * log-sum-exps, which the capture needs anyway; no keys are concatenated.
 * @param last of the last block only the x rows go on, and these only if x advances
 */
function attendWithMemory(
  { q_BHND: q, k_BHND: k, v_BHND: v }: Heads,
  { rows, x, advances }: StepRows,
  last: boolean,
  capture: (attention: Omit<StepAttention, 'layer' | 'step'>) => void,
): Tensor {
  const own = attentionWithLse(q, k, v);
  const at = (row: Row): number => rows.indexOf(row);
  const memoryOf = (start: number, count: number) =>
    attentionWithLse(q.narrow(0, start, count), k.narrow(0, x + start, count), v.narrow(0, x + start, count));
  const memory = x > 0 && !(last && !advances) ? memoryOf(0, x) : null;
  capture({
    q: (row) => q.select(0, at(row)),
    k: (row) => k.select(0, at(row)),
    ownLse: (row) => own.lse_BHN.narrow(0, at(row), 1),
    jointLse: (row) =>
      aten.logaddexp(
        own.lse_BHN.narrow(0, at(row), 1),
        memory ? memory.lse_BHN.narrow(0, at(row), 1) : memoryOf(at(row), 1).lse_BHN,
      ),
  });
  if (memory) mergeByLse_({ out: own.out.narrow(0, 0, x), lse_BHN: own.lse_BHN.narrow(0, 0, x) }, memory);
  return last ? own.out.narrow(0, 0, advances ? x : 0) : own.out;
}
