import type { Tensor } from '@motion-enhancer/libtorch';
import { standardised } from '../capture/standardised.js';

/** Pearson's r over the last axis; 0 where either side does not vary. [..., S] → [...], float64 */
export const correlation = (a: Tensor, b: Tensor): Tensor =>
  standardised(a).z.to('float64').mul(standardised(b).z.to('float64')).mean(-1);
