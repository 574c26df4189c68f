import { cat, type Tensor } from '@motion-enhancer/libtorch';
import { type SaveOptions, saveLikeSource } from '../hub/index.js';
import type { InternVL3Parts } from './model.js';
import { fileName, fusedThird, type InternVL3WeightForm } from './weight-names.js';

/** @internal See `InternVL3.savePretrained`. */
export function savePretrained(dir: string, parts: InternVL3Parts, options: SaveOptions): void {
  saveLikeSource(dir, parts, (parameters) => storedTensors(parameters, parts.form), options);
}

/** Parameters by canonical name → tensors as the files have them; thirds are put together. */
export function storedTensors(
  parameters: ReadonlyMap<string, Tensor>,
  form: InternVL3WeightForm,
): ReadonlyMap<string, Tensor> {
  const stored = new Map<string, Tensor>();
  const thirds = new Map<string, Tensor[]>();
  for (const [name, parameter] of parameters) {
    const file = fileName(name, form);
    const third = fusedThird(name, form);
    if (third === null) {
      stored.set(file, parameter);
      continue;
    }
    const parts = thirds.get(file) ?? [];
    parts[third] = parameter;
    thirds.set(file, parts);
  }
  for (const [file, parts] of thirds) stored.set(file, cat(parts));
  return stored;
}
