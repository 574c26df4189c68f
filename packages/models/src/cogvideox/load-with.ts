import type { DType } from '@motion-enhancer/libtorch';
import { type Checkpoint, openCheckpoint, WeightReader } from '../hub/index.js';

/** Opens a checkpoint folder, builds a model from it and closes it; a build that fails leaves no weight behind. */
export function loadWith<T>(
  dir: string,
  o: { device: string; dtype: DType },
  build: (checkpoint: Checkpoint, reader: WeightReader) => T,
): T {
  const checkpoint = openCheckpoint(dir);
  const reader = new WeightReader(checkpoint, o);
  try {
    return build(checkpoint, reader);
  } catch (error) {
    reader.dispose();
    throw error;
  } finally {
    checkpoint.close();
  }
}
