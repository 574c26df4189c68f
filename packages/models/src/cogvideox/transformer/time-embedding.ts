import { arange, cat, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { linear } from '../../layers/linear.js';
import type { CogVideoXConfig } from './config.js';
import type { TransformerWeights } from './weights.js';

/**
 * Noise level → embedding [1 or B, timeEmbedDim] in the model's dtype; the sinusoids are float32.
 * Source: diffusers models/embeddings.py @ 58eb52c0, get_timestep_embedding and TimestepEmbedding
 */
export function timeEmbedding(timestep: number | Tensor, weights: TransformerWeights, c: CogVideoXConfig): Tensor {
  const { device, dtype } = weights.time1.weight;
  const half = c.width / 2;
  const steps_B1 = (typeof timestep === 'number' ? tensor([timestep]) : timestep.reshape(-1))
    .to('float32', device)
    .unsqueeze(1);
  const exponent = arange(0, half, 1, { dtype: 'float32', device })
    .mul(-Math.log(10000))
    .div(half - c.freqShift);
  const angle = steps_B1.mul(exponent.exp());
  const waves = c.flipSinToCos ? [angle.cos(), angle.sin()] : [angle.sin(), angle.cos()];
  const hidden = linear(cat(waves, 1).to(dtype), weights.time1).silu();
  return linear(hidden, weights.time2);
}
