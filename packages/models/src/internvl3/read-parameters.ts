import { type DType, keep, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Checkpoint, WeightReader } from '../hub/index.js';
import type { ParameterShapes } from '../vlm-common/language/weights.js';
import { fileName, fusedThird, type InternVL3WeightForm } from './weight-names.js';

export interface ReadOptions {
  device: string;
  dtype: DType;
  form: InternVL3WeightForm;
}

/**
 * Reads parameters by canonical name; thirds of a fused tensor become parameters of their own.
 * @returns them, outside of every scope, and the names of the file's tensors that were not asked for
 * @throws UserError ERR_CHECKPOINT
 */
export function readParameters(
  checkpoint: Checkpoint,
  shapes: ParameterShapes,
  { device, dtype, form }: ReadOptions,
): { parameters: Map<string, Tensor>; unused: string[] } {
  const reader = new WeightReader(checkpoint, { device, dtype, rename: (name) => fileName(name, form) });
  const parameters = new Map<string, Tensor>();
  const fused = new Map<string, Tensor>();
  try {
    for (const [name, shape] of shapes) {
      const third = fusedThird(name, form);
      if (third === null) {
        parameters.set(name, reader.get(name, shape));
        continue;
      }
      const [rows, ...rest] = shape as [number, ...number[]];
      const stored = fileName(name, form);
      const whole = fused.get(stored) ?? reader.get(name, [3 * rows, ...rest]);
      fused.set(stored, whole);
      // Memory of its own: an optimiser changes parameters in place.
      parameters.set(
        name,
        scope(() => keep(whole.narrow(0, third * rows, rows).clone())),
      );
      if (third === 2) whole.dispose();
    }
    return { parameters, unused: reader.unused() };
  } catch (error) {
    for (const parameter of parameters.values()) parameter.dispose();
    reader.dispose();
    throw error;
  }
}
