import { expected } from '@motion-enhancer/support';
import { noGrad } from '../autograd.js';
import { zeros, zerosLike } from '../factories.js';
import { aten } from '../operators.js';
import { keep, scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { adamWKernel } from './adamw-kernel.js';

/** Parameters that share their settings. `lr` may be changed between steps, by a schedule. */
export interface ParameterGroup {
  params: readonly Tensor[];
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  eps: number;
}

export interface AdamWOptions {
  lr: number;
  /** Default 0.01, as in torch.optim.AdamW. */
  weightDecay?: number;
  /** Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Keep a float32 copy of float16 and bfloat16 parameters: steps smaller than their rounding are not lost. */
  masterWeights?: boolean;
}

/** What the optimiser holds of one parameter. */
interface ParameterState {
  param: Tensor;
  /** What the step is taken on: the parameter, or its float32 copy. */
  target: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
  /** float32 scalar, as libtorch's fused step wants it. */
  step: Tensor;
  /** The same as a number, which is ahead of the tensor while kernels step; null where the tensor has to be read. */
  count: number | null;
}

const KINDS = ['exp_avg', 'exp_avg_sq', 'step', 'master'] as const;

/**
 * AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) as torch.optim.AdamW(fused=True): one fused
 * operator for all parameters of a group on one device and of one dtype. Free its state with `dispose()`.
 */
export class AdamW {
  readonly groups: ParameterGroup[];
  readonly #states: ParameterState[][];

  /** @param params tensors, or groups with settings of their own over the common ones */
  constructor(
    params: readonly Tensor[] | readonly (Partial<ParameterGroup> & Pick<ParameterGroup, 'params'>)[],
    options: AdamWOptions,
  ) {
    const { lr, weightDecay = 0.01, betas = [0.9, 0.999], eps = 1e-8, masterWeights = false } = options;
    const groups = params.some((p) => 'params' in p) ? params : [{ params }];
    this.groups = (groups as Partial<ParameterGroup>[]).map(
      (g) => ({ lr, weightDecay, betas, eps, ...g }) as ParameterGroup,
    );
    for (const group of this.groups) checkGroup(group);
    this.#states = this.groups.map((group) => group.params.map((param) => newState(param, masterWeights)));
  }

  /** Every parameter, group by group: the order of `step`'s gradients. */
  get params(): Tensor[] {
    return this.groups.flatMap((group) => group.params);
  }

  /**
   * One step.
   * @param grads one per parameter, in the order of `params`; null: that parameter stays as it is. They may be changed
   * @param scale on all gradients, such as that of clipping
   */
  step(grads: readonly (Tensor | null)[], scale = 1): void {
    const count = this.#states.flat().length;
    if (grads.length !== count) throw expected(`${count} gradients, one per parameter`, 'grads', grads.length);
    let at = 0;
    noGrad(() => {
      this.groups.forEach((group, g) => {
        const states = this.#states[g]!;
        const mine = grads.slice(at, at + states.length);
        at += states.length;
        scope(() => stepGroup(group, states, mine, scale));
      });
    });
  }

  /**
   * The live state, for a checkpoint: `exp_avg.NAME`, `exp_avg_sq.NAME`, `step.NAME` and, with master weights, `master.NAME`.
   * Written in place before the next step, it is what that step goes on from.
   * @param names one per parameter; numbers by default
   */
  stateTensors(names: readonly string[] = this.params.map((_, i) => String(i))): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    this.#states.flat().forEach((state, i) => {
      writeCount(state);
      state.count = null; // whoever has the tensor may write it
      for (const kind of KINDS) {
        const tensor = tensorOf(state, kind);
        if (tensor) found.set(`${kind}.${names[i]}`, tensor);
      }
    });
    return found;
  }

  /** Copies a saved state in: the next step is what it would have been. @throws UserError for a tensor that is missing or of another shape */
  loadState(tensors: ReadonlyMap<string, Tensor>, names?: readonly string[]): void {
    noGrad(() => {
      const mine = this.stateTensors(names);
      for (const [name, target] of mine) {
        const saved = tensors.get(name);
        if (!saved)
          throw expected('a saved tensor', `optimiser state ${name}`, 'nothing', 'Is it the state of this model?');
        if (String(saved.shape) !== String(target.shape))
          throw expected(`shape [${target.shape}]`, `optimiser state ${name}`, `[${saved.shape}]`);
      }
      for (const [name, target] of mine) target.copy_(tensors.get(name)!);
      for (const state of this.#states.flat()) state.count = null;
    });
  }

  /** Rounds the master weights into their parameters, after the state was written in place. */
  restoreParameters(): void {
    noGrad(() => {
      for (const state of this.#states.flat()) {
        state.count = null;
        if (state.target !== state.param) state.param.copy_(state.target);
      }
    });
  }

  dispose(): void {
    for (const state of this.#states.flat()) for (const kind of KINDS) tensorOf(state, kind)?.dispose();
  }
}

function checkGroup({ lr, weightDecay, betas, eps }: ParameterGroup): void {
  if (!(lr >= 0)) throw expected('a number of at least 0', 'lr', lr);
  if (!(weightDecay >= 0)) throw expected('a number of at least 0', 'weightDecay', weightDecay);
  if (!(eps >= 0)) throw expected('a number of at least 0', 'eps', eps);
  for (const beta of betas) if (!(beta >= 0 && beta < 1)) throw expected('numbers in [0, 1)', 'betas', betas);
}

function newState(param: Tensor, masterWeights: boolean): ParameterState {
  return noGrad(() =>
    scope(() => {
      const half = param.dtype === 'bfloat16' || param.dtype === 'float16';
      const target = masterWeights && half ? keep(param.detach().to('float32')) : param;
      const state = {
        expAvg: zerosLike(target),
        expAvgSq: zerosLike(target),
        step: zeros([], { device: param.device }),
      };
      return { param, target, ...keep(state), count: 0 };
    }),
  );
}

function tensorOf(state: ParameterState, kind: (typeof KINDS)[number]): Tensor | null {
  switch (kind) {
    case 'exp_avg':
      return state.expAvg;
    case 'exp_avg_sq':
      return state.expAvgSq;
    case 'step':
      return state.step;
    case 'master':
      return state.target === state.param ? null : state.target;
  }
}

/** Entries whose float32 gradients stand in memory at once: those of all parameters would be as large as the moments. */
const ENTRIES_AT_ONCE = 2 ** 27;

function stepGroup(
  group: ParameterGroup,
  states: ParameterState[],
  grads: readonly (Tensor | null)[],
  scale: number,
): void {
  // The fused operator takes lists of one device and dtype.
  const batches = new Map<string, { states: ParameterState[]; grads: Tensor[]; entries: number }>();
  const flush = (key: string) => {
    const batch = batches.get(key)!;
    batches.delete(key);
    scope(() => stepBatch(group, batch.states, batch.grads, scale));
  };
  states.forEach((state, i) => {
    const grad = grads[i];
    if (!grad || stepByKernel(group, state, grad, scale)) return;
    const { dtype, device } = state.target;
    const key = `${dtype} ${device}`;
    const batch = batches.get(key) ?? { states: [], grads: [], entries: 0 };
    batches.set(key, batch);
    batch.states.push(state);
    batch.grads.push(grad);
    batch.entries += grad.numel;
    if (batch.entries >= ENTRIES_AT_ONCE) flush(key);
  });
  for (const key of [...batches.keys()]) flush(key);
}

function writeCount({ step, count }: ParameterState): void {
  if (count !== null) noGrad(() => step.fill_(count));
}

/** One kernel a parameter where there is one; else false. */
function stepByKernel(group: ParameterGroup, state: ParameterState, grad: Tensor, scale: number): boolean {
  const { param, target: master, expAvg, expAvgSq } = state;
  const kernel = master !== param && grad.dtype === param.dtype ? adamWKernel(param) : null;
  if (!kernel || ![param, master, expAvg, expAvgSq].every((t) => t.isContiguous)) return false;
  state.count ??= state.step.item();
  state.count++;
  const numbers = { ...group, step: state.count, scale };
  scope(() => kernel.launch({ master, expAvg, expAvgSq, param, grad: grad.contiguous() }, numbers));
  return true;
}

function stepBatch(group: ParameterGroup, states: ParameterState[], grads: Tensor[], scale: number): void {
  const { lr, weightDecay, betas, eps } = group;
  const list = (pick: (s: ParameterState) => Tensor) => states.map(pick);
  const steps = list((s) => s.step);
  for (const state of states) {
    writeCount(state);
    state.count = null;
  }
  aten._foreach_add_(steps, 1);
  if (scale !== 1) aten._foreach_mul_(grads, scale);
  aten._fused_adamw_(
    list((s) => s.target),
    grads.map((grad, i) => (grad.dtype === states[i]!.target.dtype ? grad : grad.to(states[i]!.target.dtype))),
    list((s) => s.expAvg),
    list((s) => s.expAvgSq),
    [],
    steps,
    lr,
    betas[0],
    betas[1],
    weightDecay,
    eps,
    false,
    false,
  );
  const mastered = states.filter((s) => s.target !== s.param);
  if (mastered.length > 0) {
    aten._foreach_copy_(
      mastered.map((s) => s.param),
      mastered.map((s) => s.target),
    );
  }
}
