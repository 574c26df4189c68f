import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DTYPES, type NamedTensors, type Tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { expected, makeFolder, UserError, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import type { RawConfig } from './config-reader.js';
import { formatConfig } from './format-config.js';
import { planShards } from './plan-shards.js';

export interface CheckpointContents {
  config: RawConfig;
  /** Text of the `config.json` that the config came from (`Checkpoint.configText`): floats stay floats, `1.0`. */
  configText?: string;
  tensors: NamedTensors;
  /** Larger checkpoints become several files with an index; 5 GB by default, as in transformers. */
  maxShardBytes?: number;
  /** More files of the folder by name: `generation_config.json`, tokenizer files, … */
  extraFiles?: Readonly<Record<string, string | Uint8Array>>;
  /** `model` (transformers, the default) or `diffusion_pytorch_model` (diffusers). */
  weightsName?: string;
  /** Replace a checkpoint that is there already. */
  overwrite?: boolean;
}

/**
 * Saves a checkpoint folder as `transformers` writes and reads it. The folder is written beside `dir` and then renamed:
 * `dir` holds a whole checkpoint or is as before.
 * @throws UserError `ERR_CHECKPOINT` when `dir` holds something already, `ERR_WRITE` when the disk is full
 */
export function saveCheckpoint(dir: string, contents: CheckpointContents): void {
  const target = resolve(dir);
  checkTarget(target, contents.overwrite ?? false);
  for (const name of Object.keys(contents.extraFiles ?? {}))
    if (basename(name) !== name) throw expected('a file name without folders', 'extraFiles', name);
  const mark = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const beside = (suffix: string) => join(dirname(target), `.${basename(target)}.${mark}.${suffix}`);
  const fresh = beside('tmp');
  const replaced = beside('old');
  try {
    makeFolder(dirname(target));
    mkdirSync(fresh);
    writeContents(fresh, contents);
    if (existsSync(target)) renameSync(target, replaced);
    renameSync(fresh, target);
  } catch (error) {
    if (existsSync(replaced) && !existsSync(target)) renameSync(replaced, target);
    rmSync(fresh, { recursive: true, force: true });
    if (error instanceof Error && 'syscall' in error)
      throw new UserError(
        `Could not write the checkpoint ${dir}: ${error.message}. Choose a folder that you may write to.`,
        {
          code: 'ERR_WRITE',
          cause: error,
        },
      );
    throw error;
  }
  rmSync(replaced, { recursive: true, force: true });
}

function checkTarget(target: string, overwrite: boolean): void {
  if (!existsSync(target)) return;
  let present: string[];
  try {
    present = readdirSync(target);
  } catch (cause) {
    throw new UserError(`${target} is not a folder. Choose another name.`, { code: 'ERR_CHECKPOINT', cause });
  }
  if (present.length === 0 || (overwrite && present.includes('config.json'))) return;
  throw new UserError(
    `The folder ${target} is not empty. Choose another one${present.includes('config.json') ? ', or overwrite it' : ''}.`,
    { code: 'ERR_CHECKPOINT' },
  );
}

function writeContents(dir: string, { config, tensors, extraFiles = {}, ...options }: CheckpointContents): void {
  const stem = options.weightsName ?? 'model';
  const named: ReadonlyMap<string, Tensor> =
    tensors instanceof Map ? tensors : new Map(Object.entries(tensors as Record<string, Tensor>));
  const bytesOf = (tensor: Tensor) => tensor.numel * DTYPES[tensor.dtype].bytes;
  const shards = planShards(stem, named, bytesOf, options.maxShardBytes ?? 5e9);
  // transformers refuses files that do not say which framework laid the tensors out.
  for (const shard of shards) writeSafetensors(join(dir, shard.file), shard.tensors, { format: 'pt' });
  if (shards.length > 1) {
    const total = [...named.values()].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    const map = shards.flatMap(({ file, tensors }) =>
      [...tensors.keys()].map((name): [string, string] => [name, file]),
    );
    map.sort(([a], [b]) => (a < b ? -1 : 1));
    const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(map) };
    writeText(join(dir, `${stem}.safetensors.index.json`), `${JSON.stringify(index, null, 2)}\n`);
  }
  for (const [name, content] of Object.entries(extraFiles)) writeText(join(dir, name), content);
  writeText(join(dir, 'config.json'), formatConfig(config, options.configText));
}

function writeText(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  writeFileAtomically(path, bytes.byteLength, (fd) => writeFully(fd, bytes));
}
