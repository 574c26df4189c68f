import { backward, type CudaGraph, keep, noGrad, recordCudaGraph, type Tensor } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import type { SegmentOptions } from './segment.js';

/** Forward and backward pass of a step. */
export interface Pass {
  /** Call it in a scope. What it gives lasts until the next step, and may be changed. */
  run(step: number): { loss: Tensor; gradients: Tensor[] };
  /** After it, and after a first step that failed, nothing of the pass is left. */
  dispose(): void;
}

export const passOf = (o: Pick<SegmentOptions, 'inputs' | 'loss' | 'recorded'>, parameters: readonly Tensor[]): Pass =>
  o.recorded
    ? recordedPass(o, parameters)
    : { run: (step) => passed(o, step, o.inputs?.(step) ?? [], parameters), dispose() {} };

function passed(
  o: Pick<SegmentOptions, 'loss'>,
  step: number,
  inputs: readonly Tensor[],
  parameters: readonly Tensor[],
): { loss: Tensor; gradients: Tensor[] } {
  try {
    const loss = o.loss(step, inputs);
    backward([loss]);
    return { loss, gradients: parameters.map((p) => p.grad!) };
  } finally {
    // Also of a pass that failed half-way: the next one would add to what it left.
    for (const p of parameters) p.grad = null;
  }
}

/** The same, recorded with the inputs of its first step, which later steps write over. */
function recordedPass(o: Pick<SegmentOptions, 'inputs' | 'loss'>, parameters: readonly Tensor[]): Pass {
  const inputs: Tensor[] = [];
  let made: { graph: CudaGraph; loss: Tensor; gradients: Tensor[] } | null = null;
  const dispose = () => {
    made?.graph.dispose();
    made = null;
    for (const t of inputs.splice(0)) t.dispose();
  };
  const record = (step: number, drawn: readonly Tensor[]) => {
    try {
      // One by one: what there is when one fails is freed.
      for (const t of drawn) inputs.push(keep(noGrad(() => t.clone())));
      let result!: { loss: Tensor; gradients: Tensor[] };
      const graph = recordCudaGraph(() => {
        result = passed(o, step, inputs, parameters);
      }, deviceIndex(parameters));
      return { graph, ...result };
    } catch (error) {
      dispose();
      throw error;
    }
  };
  return {
    run(step) {
      const drawn = o.inputs?.(step) ?? [];
      if (made) writeOver(inputs, drawn, step);
      else made = record(step, drawn);
      made.graph.launch();
      return made;
    },
    dispose,
  };
}

/** A copy would repeat a smaller tensor, and a graph would never see one that is new. */
function writeOver(inputs: readonly Tensor[], drawn: readonly Tensor[], step: number): void {
  const shapes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => `[${shape}]`).join(', ');
  if (shapes(drawn) !== shapes(inputs))
    throw expected(`${shapes(inputs)}, as recorded,`, `the inputs of step ${step}`, shapes(drawn));
  noGrad(() => inputs.forEach((t, i) => void t.copy_(drawn[i]!)));
}

/** @throws UserError: work of a CPU leaves no trace in a graph, and would not be done again */
function deviceIndex([parameter]: readonly Tensor[]): number {
  const [type, index] = parameter!.device.split(':');
  if (type !== 'cuda') throw expected('parameters on a GPU', 'recorded passes', parameter!.device);
  return Number(index ?? 0);
}
