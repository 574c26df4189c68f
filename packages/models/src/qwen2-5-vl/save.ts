import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, scope, type Tensor, UserError } from '@motion-enhancer/libtorch';
import { type RawConfig, readJsonObject, saveCheckpoint } from '../hub/index.js';
import type { Qwen25VLParts } from './model.js';
import { fileName } from './weight-names.js';

export interface SaveOptions {
  /** What the weights are stored as; by default as they are in memory. */
  dtype?: DType;
  /** Instead of the model's own parameters, such as float32 master weights; same names. */
  parameters?: ReadonlyMap<string, Tensor>;
  /** Replace a checkpoint that is there already. */
  overwrite?: boolean;
  maxShardBytes?: number;
}

/** Files beside the weights that make the result usable: tokenizer, processor, chat template, generation defaults. */
const CARRIED = /\.(json|txt|jinja|model)$/;
const NOT_CARRIED = /^config\.json$|\.safetensors\.index\.json$|^trainer_state\.json$/;

/** @internal See `Qwen25VL.savePretrained`. */
export function savePretrained(dir: string, parts: Qwen25VLParts, options: SaveOptions): void {
  scope(() => {
    const source = options.parameters ?? parts.parameters;
    const tensors = new Map<string, Tensor>();
    for (const name of parts.parameters.keys()) {
      const parameter = source.get(name);
      if (!parameter)
        throw new UserError(`Expected every parameter of the model for parameters but ${name} is missing.`, {
          code: 'ERR_VALUE',
        });
      const stored = parameter.detach().to(options.dtype ?? parameter.dtype, 'cpu');
      tensors.set(fileName(name, parts.form), stored.contiguous());
    }
    const stored = options.dtype ?? [...source.values()][0]!.dtype;
    saveCheckpoint(dir, {
      config: withDtype(readJsonObject(join(parts.dir, 'config.json'), 'ERR_CONFIG'), stored),
      tensors,
      extraFiles: carriedFiles(parts.dir),
      ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
      ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }),
    });
  });
}

/** transformers 5 calls the field `dtype`, earlier ones `torch_dtype`. */
function withDtype(config: RawConfig, dtype: DType): RawConfig {
  const name = 'dtype' in config && !('torch_dtype' in config) ? 'dtype' : 'torch_dtype';
  const changed: Record<string, unknown> = { ...config, [name]: dtype };
  for (const part of ['text_config', 'vision_config']) {
    const section = changed[part];
    if (typeof section !== 'object' || section === null) continue;
    for (const key of ['dtype', 'torch_dtype']) if (key in section) changed[part] = { ...section, [key]: dtype };
  }
  return changed;
}

function carriedFiles(dir: string): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  // Caches of the hub hold links to files.
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (!entry.isDirectory() && CARRIED.test(entry.name) && !NOT_CARRIED.test(entry.name))
      files[entry.name] = readFileSync(join(dir, entry.name));
  return files;
}
