import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { RawConfig } from './config-reader.js';
import { parseJsonObject, readText } from './read-json-object.js';
import { saveCheckpoint } from './save-checkpoint.js';

export interface SaveOptions {
  /** What the weights are stored as; by default as they are in memory. */
  dtype?: DType;
  /** Instead of the model's own parameters, such as float32 master weights; same names. */
  parameters?: ReadonlyMap<string, Tensor>;
  /** Replace a checkpoint that is there already. */
  overwrite?: boolean;
  maxShardBytes?: number;
  /** More files of the folder by name, beside those of the source; they come before those. */
  extraFiles?: Readonly<Record<string, string>>;
}

/** @internal A model that came from a checkpoint folder. */
export interface LoadedModel {
  /** The folder. */
  dir: string;
  /** By canonical name. */
  parameters: ReadonlyMap<string, Tensor>;
}

/** Files beside the weights that make the result usable: tokenizer, processor, chat template, model code. */
const CARRIED = /\.(json|txt|jinja|model|py)$/;
const NOT_CARRIED = /^config\.json$|^motion-enhancer\.json$|\.safetensors\.index\.json$|^trainer_state\.json$/;

/**
 * Saves a model in the form of the checkpoint that it came from: its config, the files beside it, its weight names.
 * @param stored from parameters by canonical name to the tensors of the file
 * @throws UserError ERR_CHECKPOINT, ERR_WRITE, ERR_VALUE when `options.parameters` lacks one
 */
export function saveLikeSource(
  dir: string,
  model: LoadedModel,
  stored: (parameters: ReadonlyMap<string, Tensor>) => ReadonlyMap<string, Tensor>,
  options: SaveOptions = {},
): void {
  scope(() => {
    const source = options.parameters ?? model.parameters;
    const converted = new Map<string, Tensor>();
    for (const name of model.parameters.keys()) {
      const parameter = source.get(name);
      if (!parameter)
        throw new UserError(`Expected every parameter of the model for parameters but ${name} is missing.`, {
          code: 'ERR_VALUE',
        });
      converted.set(
        name,
        parameter
          .detach()
          .to(options.dtype ?? parameter.dtype, 'cpu')
          .contiguous(),
      );
    }
    const dtype = options.dtype ?? [...source.values()][0]!.dtype;
    const configFile = join(model.dir, 'config.json');
    const configText = readText(configFile, 'ERR_CONFIG');
    saveCheckpoint(dir, {
      config: withDtype(withHead(parseJsonObject(configText, configFile, 'ERR_CONFIG'), model.parameters), dtype),
      configText,
      tensors: stored(converted),
      extraFiles: { ...carriedFiles(model.dir), ...options.extraFiles },
      ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
      ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }),
    });
  });
}

/** A head that is a parameter of its own is tied to nothing, whatever the source's config said. */
function withHead(config: RawConfig, parameters: ReadonlyMap<string, Tensor>): RawConfig {
  if (!parameters.has('lm_head.weight')) return config;
  const changed: Record<string, unknown> = { ...config };
  if (changed.tie_word_embeddings === true) changed.tie_word_embeddings = false;
  for (const part of ['text_config', 'llm_config']) {
    const section = changed[part] as RawConfig | null | undefined;
    if (section?.tie_word_embeddings === true) changed[part] = { ...section, tie_word_embeddings: false };
  }
  return changed;
}

/** transformers 5 calls the field `dtype`, earlier ones `torch_dtype`. */
function withDtype(config: RawConfig, dtype: DType): RawConfig {
  const name = 'dtype' in config && !('torch_dtype' in config) ? 'dtype' : 'torch_dtype';
  const changed: Record<string, unknown> = { ...config, [name]: dtype };
  for (const part of ['text_config', 'llm_config', 'vision_config']) {
    const section = changed[part];
    if (typeof section !== 'object' || section === null) continue;
    for (const key of ['dtype', 'torch_dtype'])
      if (key in section) changed[part] = { ...(changed[part] as object), [key]: dtype };
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
