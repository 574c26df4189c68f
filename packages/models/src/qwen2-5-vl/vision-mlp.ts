import { pad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { swiglu } from '../kernels/swiglu/swiglu.js';
import { type Linear, linear } from '../layers/linear.js';
import type { VisionBlockWeights } from './weights.js';

/** Half-precision matrix products of cuBLAS want rows of whole 16 bytes, and are best at whole tiles. */
const TILE = 64;

/**
 * SwiGLU of the tower: down(silu(gate x) · up x). The published hidden width, 3,420, is no multiple of 8: on CUDA in half
 * precision the weights are widened with zeros, which add nothing, because products of that width take 2.7 × the time
 * of aligned ones (bench/results/train-step-h200.md). Differentiable.
 * @param widen by default where it pays
 */
export function visionMlp(
  x_PC: Tensor,
  weights: VisionBlockWeights['mlp'],
  widen = x_PC.isCuda && x_PC.dtype !== 'float32' && x_PC.dtype !== 'float64',
): Tensor {
  const width = weights.gate_proj.weight.size(0);
  const extra = widen && width % 8 !== 0 ? TILE - (width % TILE) : 0;
  const { gate_proj, up_proj, down_proj } = extra === 0 ? weights : widened(weights, extra);
  const inner = scope(() => swiglu(linear(x_PC, gate_proj), linear(x_PC, up_proj)));
  return linear(inner, down_proj);
}

function widened({ gate_proj, up_proj, down_proj }: VisionBlockWeights['mlp'], extra: number) {
  const more = ({ weight, bias, adapter }: Linear): Linear => ({
    weight: pad(weight, [0, 0, 0, extra]),
    bias: bias && pad(bias, [0, extra]),
    ...(adapter && { adapter: { ...adapter, b: pad(adapter.b, [0, 0, 0, extra]) } }),
  });
  const { weight, bias, adapter } = down_proj;
  return {
    gate_proj: more(gate_proj),
    up_proj: more(up_proj),
    down_proj: {
      weight: pad(weight, [0, extra]),
      bias,
      ...(adapter && { adapter: { ...adapter, a: pad(adapter.a, [0, extra]) } }),
    },
  };
}
