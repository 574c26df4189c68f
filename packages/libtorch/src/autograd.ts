import { native } from './native.js';
import { Tensor } from './tensor.js';

/** Runs `body` (synchronous) without recording gradients. */
export function noGrad<T>(body: () => T): T {
  return withGrad(false, body);
}

/** Runs `body` (synchronous) with gradients recorded, also inside `noGrad`. */
export function enableGrad<T>(body: () => T): T {
  return withGrad(true, body);
}

function withGrad<T>(on: boolean, body: () => T): T {
  const before = native.setGradEnabled(on);
  try {
    return body();
  } finally {
    native.setGradEnabled(before);
  }
}

export function isGradEnabled(): boolean {
  return native.isGradEnabled();
}

export interface GradOptions {
  /** The vector of the vector-Jacobian product, one per output; may be absent for scalar outputs. */
  gradOutputs?: readonly (Tensor | null)[];
  retainGraph?: boolean;
  createGraph?: boolean;
  /** Inputs that no output depends on give null instead of an error. */
  allowUnused?: boolean;
}

const slots = (tensors: readonly Tensor[]): number[] => tensors.map((t) => t.slot);
const slotsOrNull = (tensors: readonly (Tensor | null)[] | undefined) =>
  tensors ? tensors.map((t) => t?.slot ?? null) : null;
const wrap = (list: (number | null)[]): (Tensor | null)[] =>
  list.map((slot) => (slot === null ? null : new Tensor(slot)));

/** Gradients of `outputs` with respect to `inputs` (torch.autograd.grad); nothing is accumulated in leaves. */
export function grad(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(outputs: readonly Tensor[], inputs: readonly Tensor[], options?: GradOptions): Tensor[];
export function grad(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const { gradOutputs, retainGraph = options.createGraph ?? false, createGraph = false, allowUnused = false } = options;
  return wrap(
    native.differentiate(
      false,
      slots(outputs),
      slots(inputs),
      slotsOrNull(gradOutputs),
      retainGraph,
      createGraph,
      allowUnused,
    ),
  );
}

/** Accumulates gradients in the leaves of `outputs` (torch.autograd.backward); `inputs` limits it to some leaves. */
export function backward(
  outputs: readonly Tensor[],
  options: Omit<GradOptions, 'allowUnused'> & { inputs?: readonly Tensor[] } = {},
): void {
  const { gradOutputs, retainGraph = options.createGraph ?? false, createGraph = false, inputs = [] } = options;
  native.differentiate(true, slots(outputs), slots(inputs), slotsOrNull(gradOutputs), retainGraph, createGraph, false);
}

/** `backward` on a worker thread: the event loop stays free. */
export async function backwardAsync(
  outputs: readonly Tensor[],
  options: Omit<GradOptions, 'allowUnused'> & { inputs?: readonly Tensor[] } = {},
): Promise<void> {
  const { gradOutputs, retainGraph = options.createGraph ?? false, createGraph = false, inputs = [] } = options;
  await native.differentiateAsync(
    true,
    slots(outputs),
    slots(inputs),
    slotsOrNull(gradOutputs),
    retainGraph,
    createGraph,
    false,
  );
}
