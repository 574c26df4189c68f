import { noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import { alphaBarTable } from './alpha-bar.js';
import { COGVIDEOX_SCHEDULE, loadScheduleConfig, type ScheduleConfig } from './schedule-config.js';

/** One step as x' = x · `x` + v · `v`. */
export interface StepCoefficients {
  readonly x: number;
  readonly v: number;
}

/**
 * Deterministic DDIM with v-prediction, in both directions. A step between two levels turns (x, v) by the angle
 * between them: towards the video x' = c x − s v, towards noise x' = c x + s v, with c² + s² = 1; that is what the printed
 * forms S2 to S4 (docs/method.md 1.3) come to, without a division by √(1 − ᾱ).
 * Source: diffusers schedulers/scheduling_ddim_cogvideox.py, scheduling_ddim_inverse.py @ 58eb52c0; arXiv 2010.02502.
 */
export class DdimSchedule {
  readonly config: ScheduleConfig;
  readonly #forward: Float64Array;
  readonly #inverse: Float64Array;

  constructor(config: Partial<ScheduleConfig> = {}) {
    this.config = { ...COGVIDEOX_SCHEDULE, ...config };
    if (config.snrShiftScale !== undefined && config.inverseSnrShiftScale === undefined)
      this.config = { ...this.config, inverseSnrShiftScale: config.snrShiftScale };
    this.#forward = alphaBarTable(this.config);
    this.#inverse = alphaBarTable(this.config, this.config.inverseSnrShiftScale);
  }

  /** The schedule of a checkpoint's scheduler folder, with trailing timesteps. @throws UserError `ERR_CONFIG` */
  static fromFolder(dir: string): DdimSchedule {
    return new DdimSchedule(loadScheduleConfig(dir));
  }

  /** ᾱ of a level; below level 0 it is 1 (or ᾱ₀). @throws UserError beyond the last level */
  alphaBar(t: number): number {
    return this.#level(this.#forward, t);
  }

  /** The levels of `steps` steps, descending: 999, 799, 599, 399, 199 for 5. */
  timesteps(steps: number): number[] {
    const { numTrainTimesteps: T, timestepSpacing, stepsOffset } = this.config;
    if (!Number.isInteger(steps) || steps < 1 || steps > T) throw expected(`1 to ${T}`, 'steps', steps);
    const k = Array.from({ length: steps }, (_, i) => i);
    switch (timestepSpacing) {
      case 'trailing':
        return k.map((i) => roundHalfEven(T - (i * T) / steps) - 1);
      case 'leading':
        return k.map((i) => i * Math.floor(T / steps) + stepsOffset).reverse();
      case 'linspace':
        return k.map((i) => roundHalfEven(steps === 1 ? 0 : (i * (T - 1)) / (steps - 1))).reverse();
    }
  }

  /** The same levels ascending: the order of inversion. */
  inverseTimesteps(steps: number): number[] {
    return this.timesteps(steps).reverse();
  }

  /** The level that a step of `steps` connects with level t: t − ⌊T / steps⌋; negative means clean. */
  levelBelow(t: number, steps: number): number {
    return t - Math.floor(this.config.numTrainTimesteps / steps);
  }

  /** From level t, where the model was called, down to `levelBelow(t)`. */
  coefficients(t: number, steps: number): StepCoefficients {
    return this.#down(t, this.levelBelow(t, steps));
  }

  /**
   * From `levelBelow(t)` up to level t. The model is called with x of the level below but conditioned on t, the level
   * that the step leads to; x₀ and ε are taken at the level below. The step's result has level t.
   */
  inverseCoefficients(t: number, steps: number): StepCoefficients {
    return this.#up(t, this.levelBelow(t, steps));
  }

  /** The prediction v at level t and x there → x at the level below, in x's dtype (computed in float32 or wider). */
  step(v: Tensor, t: number, x: Tensor, steps: number): Tensor {
    return this.stepBetween(v, x, t, this.levelBelow(t, steps));
  }

  /** v, predicted from the x of the level below but conditioned on t, and that x → x at level t, in x's dtype. */
  inverseStep(v: Tensor, t: number, x: Tensor, steps: number): Tensor {
    return this.inverseStepBetween(v, x, t, this.levelBelow(t, steps));
  }

  /** `step` from level t down to the level `below`, negative for clean. */
  stepBetween(v: Tensor, x: Tensor, t: number, below: number): Tensor {
    // S2: x̂₀ = √ᾱ_t x − √(1 − ᾱ_t) v, ε̂ = √ᾱ_t v + √(1 − ᾱ_t) x
    return apply(x, v, this.#down(t, below)); // S3: x_p = √ᾱ_p x̂₀ + √(1 − ᾱ_p) ε̂ = c x − s v
  }

  /** `inverseStep` from the level `below` up to level t. */
  inverseStepBetween(v: Tensor, x: Tensor, t: number, below: number): Tensor {
    // x̂₀ and ε̂ are those of S2 at the level below.
    return apply(x, v, this.#up(t, below)); // S4: x_t = √ᾱ_t x̂₀ + √(1 − ᾱ_t) ε̂ = c x + s v
  }

  /** The noised x of level t, in x₀'s dtype. */
  addNoise(x0: Tensor, noise: Tensor, t: number): Tensor {
    const abar = this.alphaBar(t);
    return apply(x0, noise, { x: Math.sqrt(abar), v: Math.sqrt(1 - abar) }); // S1: x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε
  }

  #down(t: number, below: number): StepCoefficients {
    const [c, s] = rotation(this.alphaBar(t), this.alphaBar(below));
    return { x: c, v: -s };
  }

  #up(t: number, below: number): StepCoefficients {
    const [c, s] = rotation(this.#level(this.#inverse, t), this.#level(this.#inverse, below));
    return { x: c, v: s };
  }

  #level(table: Float64Array, t: number): number {
    if (t < 0) return this.config.setAlphaToOne ? 1 : table[0]!;
    const value = table[t];
    if (value === undefined) throw expected(`a whole level up to ${table.length - 1}`, 'timestep', t);
    return value;
  }
}

/** Cosine and sine of the angle between two levels; `upper` is the noisier one's ᾱ. */
function rotation(upper: number, lower: number): [c: number, s: number] {
  return [
    Math.sqrt(lower * upper) + Math.sqrt((1 - lower) * (1 - upper)),
    Math.sqrt(lower * (1 - upper)) - Math.sqrt(upper * (1 - lower)),
  ];
}

function apply(x: Tensor, v: Tensor, c: StepCoefficients): Tensor {
  const computeType = x.dtype === 'float64' || v.dtype === 'float64' ? 'float64' : 'float32';
  return noGrad(() => scope(() => x.to(computeType).mul(c.x).add(v.to(computeType).to(x.device), c.v).to(x.dtype)));
}

/** numpy's round: halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
