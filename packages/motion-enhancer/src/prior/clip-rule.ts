import type { PriorConfig } from './config.js';
import type { FrameRule } from './diffusion/frame-rule.js';

/** A model's rule as the options have it: only `drop-frames` asks for whole tokens by fewer frames. */
export const clipRule = ({ oddLatents }: Pick<PriorConfig, 'oddLatents'>, rule: FrameRule): FrameRule => ({
  perLatent: rule.perLatent,
  latentMultiple: oddLatents === 'drop-frames' ? rule.latentMultiple : 1,
});
