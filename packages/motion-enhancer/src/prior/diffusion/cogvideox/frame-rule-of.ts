import type { VaeConfig } from '@motion-enhancer/models';
import type { FrameRule } from '../frame-rule.js';

/** CogVideoX 1.5 joins two latent frames in a token; 1.0 does not, and is given even numbers of them where asked all the same. */
export const frameRuleOf = ({ temporalCompression }: Pick<VaeConfig, 'temporalCompression'>): FrameRule => ({
  perLatent: temporalCompression,
  latentMultiple: 2,
});
