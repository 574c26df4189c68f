import type { Qwen25VLConfig } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { VlmFolder } from '../family.js';

/** The processor's patches must be those that the weights are for. @throws UserError ERR_CONFIG */
export function checkProcessor({ dir, config: { vision }, processor }: VlmFolder<Qwen25VLConfig>): void {
  for (const [field, wanted] of [
    ['patchSize', vision.patchSize],
    ['temporalPatchSize', vision.temporalPatchSize],
    ['mergeSize', vision.spatialMergeSize],
  ] as const) {
    const given = processor[field];
    if (given !== undefined && given !== wanted)
      throw new UserError(
        `Expected ${wanted} (as config.json has it) for ${field} in the preprocessor config of ${dir} but received ${given}. Take both files from one checkpoint.`,
        { code: 'ERR_CONFIG' },
      );
  }
}
