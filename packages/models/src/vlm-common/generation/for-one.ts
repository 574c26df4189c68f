import type { GenerateOptions } from './generate-options.js';
import type { GenerateSequencesOptions } from './generate-sequences.js';

/** Options of one prompt as those of a batch of one: what is called with each token does not end the reply. */
export function forOne({
  onToken,
  ...others
}: GenerateOptions): Omit<GenerateSequencesOptions, 'context' | 'device' | 'decoding'> {
  if (!onToken) return others;
  return {
    ...others,
    onToken(id) {
      onToken(id);
      return true;
    },
  };
}
