import { backward, type CudaGraph, keep, noGrad, recordCudaGraph, type Tensor } from '@motion-enhancer/libtorch';
import type { LegOptions } from './leg.js';

/** Forward and backward pass of a step. */
export interface Pass {
  /** Call it in a scope. What it gives lasts until the next step, and may be changed. */
  run(step: number): { loss: Tensor; gradients: Tensor[] };
  dispose(): void;
}

export const passOf = (o: Pick<LegOptions, 'inputs' | 'loss' | 'recorded'>, parameters: readonly Tensor[]): Pass =>
  o.recorded
    ? recordedPass(o, parameters)
    : { run: (step) => passed(o, step, o.inputs?.(step) ?? [], parameters), dispose() {} };

function passed(
  o: Pick<LegOptions, 'loss'>,
  step: number,
  inputs: readonly Tensor[],
  parameters: readonly Tensor[],
): { loss: Tensor; gradients: Tensor[] } {
  const loss = o.loss(step, inputs);
  backward([loss]);
  const gradients = parameters.map((p) => p.grad!);
  for (const p of parameters) p.grad = null;
  return { loss, gradients };
}

/** The same, recorded with the inputs of its first step, which later steps write over. */
function recordedPass(o: Pick<LegOptions, 'inputs' | 'loss'>, parameters: readonly Tensor[]): Pass {
  let inputs: Tensor[] = [];
  let made: { graph: CudaGraph; loss: Tensor; gradients: Tensor[] } | null = null;
  return {
    run(step) {
      const drawn = o.inputs?.(step) ?? [];
      if (made) noGrad(() => inputs.forEach((t, i) => void t.copy_(drawn[i]!)));
      else {
        inputs = drawn.map((t) => keep(noGrad(() => t.clone())));
        let result!: { loss: Tensor; gradients: Tensor[] };
        const graph = recordCudaGraph(() => {
          result = passed(o, step, inputs, parameters);
        }, deviceIndex(parameters));
        made = { graph, ...result };
      }
      made.graph.launch();
      return made;
    },
    dispose() {
      made?.graph.dispose();
      for (const t of inputs) t.dispose();
    },
  };
}

const deviceIndex = (parameters: readonly Tensor[]): number => Number(parameters[0]!.device.split(':')[1] ?? 0);
