import { OUTPUT } from '../compare.js';
import type { ParityContext, Tolerance } from '../part.js';

/** Of networks in half precision against a float32 reference: relative to the largest entry of the tensor. */
const HALF: Tolerance = { abs: 0, rel: 0.05 };

/** What an output of a network may differ by in this run's dtype. */
export function networkTolerance(context: ParityContext): Tolerance {
  return context.dtype === 'float32' || context.dtype === 'float64' ? OUTPUT : HALF;
}
