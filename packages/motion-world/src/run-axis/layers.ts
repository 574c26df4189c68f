// Layers with a leading run axis: R models of one form, each with its own weights, in one batched product a layer.
import { aten, cat, type Tensor } from '@motion-enhancer/libtorch';
import type { Linear, RotaryTables } from '@motion-enhancer/models';

/** RMS norm with a weight a run: x [R, M, C], weight [R, C]. */
export function runNorm(x_RMC: Tensor, weight_RC: Tensor, eps: number): Tensor {
  return aten.rms_norm(x_RMC, [weight_RC.size(-1)], { eps }).mul(weight_RC.unsqueeze(1));
}

/** Several layers on one input as one product: the weights side by side. */
export function joined(layers: readonly Linear[], join: (tensors: Tensor[]) => Tensor): Linear {
  const biases = layers.flatMap(({ bias }) => bias ?? []);
  return {
    weight: join(layers.map(({ weight }) => weight)),
    bias: biases.length === layers.length ? join(biases) : null,
  };
}

/** cos, and sin with the sign of the half that it turns into: x · cos + roll(x, D/2) · sin is `applyRotary`. */
export function signedTables({ cos, sin }: RotaryTables): RotaryTables {
  const half = sin.size(-1) / 2;
  return { cos, sin: cat([sin.narrow(-1, 0, half).neg(), sin.narrow(-1, half, half)], -1) };
}

/** Rotates pairs (i, i + D/2) of the last dimension by `signedTables`. */
export function rotate(x: Tensor, { cos, sin }: RotaryTables): Tensor {
  return aten.addcmul(x.mul(cos), x.roll([x.size(-1) / 2], [-1]), sin);
}
