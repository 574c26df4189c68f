import type { DType } from '@motion-enhancer/libtorch';
import type { CogVideoXTransformer } from '@motion-enhancer/models';

/** Stands where no transformer was loaded: its sizes are known, a pass is a mistake of ours. */
export const absentTransformer = (
  config: CogVideoXTransformer['config'],
  { device, dtype }: { device: string; dtype: DType },
): CogVideoXTransformer =>
  ({
    ...{ config, device, dtype },
    forward() {
      throw new Error('The transformer was not loaded.');
    },
    dispose() {},
  }) as unknown as CogVideoXTransformer;
