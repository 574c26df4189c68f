// Trains small models of the motion world in segments: each runs for some seconds, saves everything, and the next one goes on
// as if there had been no break (a step's data and noise depend on its number alone).
import { join } from 'node:path';
import { loadState, saveState } from '@motion-enhancer/core/internal/data/state-file.js';
import { AdamW, aten, gradNorm, keep, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { expected, makeFolder } from '@motion-enhancer/support';
import { passOf } from './pass.js';

export interface SegmentOptions {
  /** Folder of `state.safetensors`. */
  out: string;
  /** Length of this segment; the step in flight is finished. */
  seconds: number;
  /** The state is saved this often, for a segment that is ended from outside. Default 120. */
  saveSeconds?: number;
  /** Steps of the whole training, over all segments. */
  total: number;
  /** What is trained, by checkpoint name, float32. Changed in place. */
  parameters: ReadonlyMap<string, Tensor>;
  /** Learning rate of a step, counted from 0. */
  learningRate(step: number): number;
  weightDecay?: number;
  betas?: readonly [number, number];
  /** Gradients are scaled down to this norm; 0 leaves them. Default 1. */
  maxGradNorm?: number;
  /** Decay of the running average of the weights that `averages` holds; 0: none. */
  ema?: number;
  /** What a step is trained on: tensors that need no gradient. */
  inputs?(step: number): Tensor[];
  /** The loss of a step (scalar), recorded for gradients. */
  loss(step: number, inputs: readonly Tensor[]): Tensor;
  /**
   * Forward and backward pass are recorded once, as a CUDA graph, and launched for every step: small kernels then do not
   * wait for the host. Steps must differ in `inputs` alone, of the same shapes, and `loss` must read nothing back.
   */
  recorded?: boolean;
  /** Reading a loss waits for the device: once in so many steps. Default 50. */
  logEvery?: number;
  onLog?(line: SegmentLine): void;
}

export interface SegmentLine {
  /** Steps done, of all segments. */
  step: number;
  total: number;
  loss: number;
  gradNorm: number;
  lr: number;
  /** Of this segment. */
  secondsPerStep: number;
}

export interface SegmentResult {
  /** Steps done, of all segments. */
  step: number;
  finished: boolean;
  /** Running averages of the parameters (the parameters themselves without `ema`); the caller's to free. */
  averages: Map<string, Tensor>;
}

/**
 * Runs one segment from where the last one ended.
 * @throws UserError when a loss is not finite (nothing is saved then) or the state in `out` is another training's
 */
export function trainSegment(o: SegmentOptions): SegmentResult {
  makeFolder(o.out);
  const path = join(o.out, 'state.safetensors');
  const names = [...o.parameters.keys()];
  const parameters = [...o.parameters.values()];
  const averages = noGrad(() => new Map(names.map((name, i) => [name, keep(parameters[i]!.clone())])));
  const optimiser = new AdamW(parameters, {
    lr: 0,
    weightDecay: o.weightDecay ?? 0,
    betas: o.betas ?? [0.9, 0.99],
  });
  try {
    const state = new Map([
      ...names.map((name, i) => [`weights.${name}`, parameters[i]!] as const),
      ...[...averages].map(([name, tensor]) => [`average.${name}`, tensor] as const),
      ...optimiser.stateTensors(names),
    ]);
    const first = loadState(path, state);
    for (const p of parameters) p.requiresGrad_(true);
    let saved = first;
    const save = (step: number) => {
      if (step > saved) saveState(path, state, step);
      saved = step;
    };
    const step = runSteps(o, first, { optimiser, parameters, averages: [...averages.values()], save });
    save(step);
    return { step, finished: step >= o.total, averages };
  } catch (error) {
    for (const tensor of averages.values()) tensor.dispose();
    throw error;
  } finally {
    for (const p of parameters) {
      p.grad = null;
      p.requiresGrad_(false);
    }
    optimiser.dispose();
  }
}

interface Training {
  optimiser: AdamW;
  parameters: Tensor[];
  averages: Tensor[];
  save(step: number): void;
}

function runSteps(o: SegmentOptions, first: number, { optimiser, parameters, averages, save }: Training): number {
  const began = performance.now();
  let saved = began;
  const every = o.logEvery ?? 50;
  const pass = passOf(o, parameters);
  let step = first;
  try {
    while (step < o.total && (performance.now() - began) / 1000 < o.seconds) {
      const lr = o.learningRate(step);
      for (const group of optimiser.groups) group.lr = lr;
      const logged = (step + 1) % every === 0 || step + 1 === o.total;
      scope(() => {
        const { loss, gradients } = pass.run(step);
        const norm = gradNorm(gradients);
        if (logged) {
          const secondsPerStep = (performance.now() - began) / 1000 / (step + 1 - first);
          log(o, { step: step + 1, total: o.total, loss: loss.item(), gradNorm: norm.item(), lr, secondsPerStep });
        }
        const limit = o.maxGradNorm ?? 1;
        // On the device: reading the norm would make the host wait for every step.
        if (limit > 0)
          noGrad(() => aten['_foreach_mul_.Tensor'](gradients, norm.add(1e-6).reciprocal().mul(limit).clamp(0, 1)));
        optimiser.step(gradients);
        noGrad(() => {
          const decay = o.ema ? Math.min(o.ema, (1 + step) / (10 + step)) : 0;
          aten['_foreach_lerp_.Scalar'](averages, parameters, 1 - decay);
        });
      });
      step++;
      // After a step whose loss was seen to be finite.
      if (logged && performance.now() - saved >= (o.saveSeconds ?? 120) * 1000) {
        save(step);
        saved = performance.now();
      }
    }
  } finally {
    pass.dispose();
  }
  return step;
}

function log(o: SegmentOptions, line: SegmentLine): void {
  const { step, loss, gradNorm } = line;
  if (!Number.isFinite(loss) || !Number.isFinite(gradNorm))
    throw expected('a finite loss and gradient', `step ${step}`, `${loss} and ${gradNorm}`, 'Lower the learning rate.');
  o.onLog?.(line);
}
