import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@motion-enhancer/support';
import { ConfigReader, type RawConfig } from './config-reader.js';
import { readJsonObject } from './read-json-object.js';

/** What a checkpoint says about making pixels ready for its vision tower; absent where its files say nothing. */
export interface ProcessorConfig {
  /** Channel means and deviations of values in [0, 1]. */
  imageMean?: readonly number[];
  imageStd?: readonly number[];
  patchSize?: number;
  temporalPatchSize?: number;
  mergeSize?: number;
  /** Pixels of an image after resizing (Qwen2.5-VL). */
  minPixels?: number;
  maxPixels?: number;
  /** Tiles of an image (InternVL, `-hf` form). */
  minTiles?: number;
  maxTiles?: number;
}

/**
 * Reads `preprocessor_config.json`, or the image part of the `processor_config.json` that transformers 5 writes.
 * A folder with neither gives {}.
 * Sources: the files of Qwen/Qwen2.5-VL-7B-Instruct and OpenGVLab/InternVL3-2B-hf; transformers
 * models/qwen2_vl/image_processing_qwen2_vl.py @ v5.18.0 (`size.shortest_edge` and `longest_edge` are pixels there).
 * @throws UserError ERR_CONFIG for malformed JSON or a field of the wrong kind, naming file and field
 */
export function readProcessorConfig(dir: string): ProcessorConfig {
  const reader = readerOf(dir);
  if (!reader) return {};
  const size = reader.has('size') && typeof reader.raw.size === 'object' ? reader.sub('size') : null;
  const found: Record<keyof ProcessorConfig, number | number[] | null> = {
    imageMean: ofThreeChannels(reader, 'image_mean'),
    imageStd: ofThreeChannels(reader, 'image_std'),
    patchSize: reader.int('patch_size', null),
    temporalPatchSize: reader.int('temporal_patch_size', null),
    mergeSize: reader.int('merge_size', null),
    minPixels: reader.int('min_pixels', size?.int('shortest_edge', null) ?? null),
    maxPixels: reader.int('max_pixels', size?.int('longest_edge', null) ?? null),
    minTiles: reader.int('min_patches', null),
    maxTiles: reader.int('max_patches', null),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null)) as ProcessorConfig;
}

function ofThreeChannels(reader: ConfigReader, name: string): number[] | null {
  const values = reader.floats(name, null);
  if (values === null || values.length === 3) return values;
  throw new UserError(
    `Expected three values (red, green, blue) for ${name} in ${reader.file} but received [${values.join(', ')}]. Correct the file, or download the checkpoint again.`,
    { code: 'ERR_CONFIG' },
  );
}

function readerOf(dir: string): ConfigReader | null {
  const plain = join(dir, 'preprocessor_config.json');
  if (existsSync(plain)) return new ConfigReader(readJsonObject(plain, 'ERR_CONFIG'), plain);
  const whole = join(dir, 'processor_config.json');
  if (!existsSync(whole)) return null;
  const raw: RawConfig = readJsonObject(whole, 'ERR_CONFIG');
  const reader = new ConfigReader(raw, whole);
  return reader.has('image_processor') ? reader.sub('image_processor') : null;
}
