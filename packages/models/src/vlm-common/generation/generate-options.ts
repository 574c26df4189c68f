import type { SamplingOptions } from '../language/sampling.js';

/** How one prompt is answered. */
export interface GenerateOptions extends SamplingOptions {
  maxNewTokens: number;
  /** Tokens that end the reply. */
  eosIds: readonly number[];
  /** Of the draws; needs a temperature. Default 0. */
  seed?: number;
  /** Called with each token as it comes, the end token excluded. */
  onToken?: (id: number) => void;
}
