import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, type SafetensorsFile, scope, type Tensor, type TensorInfo } from '@motion-enhancer/libtorch';
import { nearestName, UserError } from '@motion-enhancer/support';
import { ConfigReader, type RawConfig } from './config-reader.js';
import { findWeights } from './find-weights.js';
import { parseJsonObject, readText } from './read-json-object.js';

/** An open Hugging Face checkpoint folder. Tensors that were read stay valid after `close()`. */
export class Checkpoint {
  readonly dir: string;
  /** `config.json`, as it is. */
  readonly config: RawConfig;
  readonly configFile: string;
  /** `config.json` as text: for `saveCheckpoint`, so that floats stay floats. */
  readonly configText: string;
  readonly #files: ReadonlyMap<string, SafetensorsFile>;

  /** @internal Use `openCheckpoint`. */
  constructor(dir: string, configFile: string, configText: string, files: ReadonlyMap<string, SafetensorsFile>) {
    this.dir = dir;
    this.config = parseJsonObject(configText, configFile, 'ERR_CONFIG');
    this.configText = configText;
    this.configFile = configFile;
    this.#files = files;
  }

  get names(): string[] {
    return [...this.#files.keys()];
  }
  has(name: string): boolean {
    return this.#files.has(name);
  }
  /** Dtype and shape of a tensor, from the file's header. */
  info(name: string): TensorInfo {
    return this.#file(name).tensors.get(name)!;
  }
  /** The path of the file that holds a tensor. */
  fileOf(name: string): string {
    return this.#file(name).path;
  }
  configReader(): ConfigReader {
    return new ConfigReader(this.config, this.configFile);
  }

  /**
   * A tensor, converted and moved where the options say so; it belongs to the current scope. On the CPU without conversion it is
   * a copy-on-write view of the file.
   * @throws UserError `ERR_CHECKPOINT` for a name that the checkpoint does not hold
   */
  read(name: string, options: { dtype?: DType; device?: string } = {}): Tensor {
    const file = this.#file(name);
    return scope(() => {
      // Converted where it goes: a GPU does that faster, and stored weights are mostly the smaller ones.
      const tensor = file.read(name, options.device);
      return options.dtype && options.dtype !== tensor.dtype ? tensor.to(options.dtype) : tensor;
    });
  }

  /** Lets go of the files; safe to call twice. */
  close(): void {
    for (const file of new Set(this.#files.values())) file.close();
  }

  #file(name: string): SafetensorsFile {
    const file = this.#files.get(name);
    if (file) return file;
    const near = nearestName(name, this.#files.keys());
    throw new UserError(
      `The checkpoint ${this.dir} holds no tensor named ${name}. ` +
        (near ? `Did you mean ${near}?` : 'Check that it is a checkpoint of this model.'),
      { code: 'ERR_CHECKPOINT' },
    );
  }
}

/**
 * Opens a folder in the layout of Hugging Face: `config.json` beside `model.safetensors`,
 * `diffusion_pytorch_model.safetensors`, or shards with their `*.safetensors.index.json`.
 * Every header is checked here; weights are read when asked for.
 * @throws UserError `ERR_CHECKPOINT`, `ERR_CONFIG` or `ERR_SAFETENSORS`, naming the file and the remedy
 */
export function openCheckpoint(dir: string): Checkpoint {
  if (!existsSync(dir)) {
    throw new UserError(`There is no checkpoint folder ${dir}. Check the path, or download the checkpoint.`, {
      code: 'ERR_CHECKPOINT',
    });
  }
  const configFile = join(dir, 'config.json');
  const configText = readText(configFile, 'ERR_CONFIG');
  // Checked before any weight file is opened, so that an error leaves nothing mapped.
  parseJsonObject(configText, configFile, 'ERR_CONFIG');
  return new Checkpoint(dir, configFile, configText, findWeights(dir));
}
