import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, type SafetensorsFile } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { readJsonObject } from './read-json-object.js';

/** Names that transformers and diffusers give their weight files. */
const STEMS = ['model', 'diffusion_pytorch_model'];

/**
 * The weight files of a checkpoint folder, opened: which file holds which tensor.
 * A single file wins over an index, as in transformers.
 * @throws UserError `ERR_CHECKPOINT`: no weights, a missing shard, a shard that lacks a tensor of the index;
 *   `ERR_SAFETENSORS`: a damaged file
 */
export function findWeights(dir: string): Map<string, SafetensorsFile> {
  for (const stem of STEMS) {
    const single = join(dir, `${stem}.safetensors`);
    if (existsSync(single)) {
      const file = openSafetensors(single);
      return new Map([...file.tensors.keys()].map((name) => [name, file]));
    }
  }
  for (const stem of STEMS) {
    const index = join(dir, `${stem}.safetensors.index.json`);
    if (existsSync(index)) return openShards(dir, index);
  }
  throw noWeights(dir);
}

function openShards(dir: string, index: string): Map<string, SafetensorsFile> {
  const map = readJsonObject(index, 'ERR_CHECKPOINT').weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw problem(`${index}: expected an object for weight_map`);
  const shards = new Map<string, SafetensorsFile>();
  const files = new Map<string, SafetensorsFile>();
  try {
    for (const [name, shard] of Object.entries(map)) {
      // A shard lies beside its index: a path would reach out of the checkpoint.
      if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard))
        throw problem(
          `${index}: expected the name of a safetensors file for ${name} but received ${JSON.stringify(shard)}`,
        );
      const file = shards.get(shard) ?? openShard(dir, shard, index);
      shards.set(shard, file);
      if (!file.tensors.has(name)) throw problem(`${file.path} lacks the tensor ${name} that ${index} says it holds`);
      files.set(name, file);
    }
  } catch (error) {
    for (const file of shards.values()) file.close();
    throw error;
  }
  return files;
}

function openShard(dir: string, shard: string, index: string): SafetensorsFile {
  const path = join(dir, shard);
  if (!existsSync(path)) throw problem(`The shard ${path} that ${index} names is missing`);
  return openSafetensors(path);
}

function noWeights(dir: string): UserError {
  const present = existsSync(dir) ? readdirSync(dir) : [];
  const pickled = present.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  return new UserError(
    pickled
      ? `${dir} holds weights only as ${pickled}, which can run code when it is read. Convert the checkpoint to safetensors.`
      : `${dir} holds no weights: expected ${STEMS.map((s) => `${s}.safetensors`).join(' or ')}, or an index of shards. Check the folder, or download the checkpoint again.`,
    { code: 'ERR_CHECKPOINT' },
  );
}

function problem(text: string): UserError {
  return new UserError(`${text}. Download the checkpoint again.`, { code: 'ERR_CHECKPOINT' });
}
