import { type SaveOptions, saveLikeSource } from '../hub/index.js';
import type { Qwen25VLParts } from './model.js';
import { fileName } from './weight-names.js';

/** @internal See `Qwen25VL.savePretrained`. */
export function savePretrained(dir: string, parts: Qwen25VLParts, options: SaveOptions): void {
  saveLikeSource(
    dir,
    parts,
    (parameters) => new Map([...parameters].map(([name, parameter]) => [fileName(name, parts.form), parameter])),
    options,
  );
}
