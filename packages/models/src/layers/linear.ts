import { linear as dense, LibtorchError, type Tensor } from '@motion-enhancer/libtorch';

/** A low-rank addition to a layer: y += scale · x Aᵀ Bᵀ (LoRA, https://arxiv.org/abs/2106.09685). */
export interface Adapter {
  a: Tensor; // [rank, in]
  b: Tensor; // [out, rank]
  scale: number;
}

/** A dense layer: y = x Wᵀ + b. Low-rank adapters enter a network here and nowhere else. */
export interface Linear {
  weight: Tensor; // [out, in]
  bias: Tensor | null; // [out]
  adapter?: Adapter;
}

/** x Wᵀ + bias, and what the layer's adapter adds. x [.., in] → [.., out] */
export function linear(x: Tensor, { weight, bias, adapter }: Linear): Tensor {
  const y = dense(x, weight, bias);
  return adapter ? y.add(dense(dense(x, adapter.a), adapter.b), adapter.scale) : y;
}

/**
 * Weight and bias for kernels that take them as they are.
 * @throws LibtorchError for a layer with an adapter: the caller chooses another way, or merges it first
 */
export function plainLinear(layer: Linear): { weight: Tensor; bias: Tensor | null } {
  if (layer.adapter) throw new LibtorchError('A layer with a low-rank adapter has no plain weight: merge it first.');
  return layer;
}
