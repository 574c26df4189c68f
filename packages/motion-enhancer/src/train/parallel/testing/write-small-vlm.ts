import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeRandomQwen25VL } from '@motion-enhancer/models';

/** The motion world's VLM, for its small vocabulary. */
const WORLD = fileURLToPath(new URL('../../../../../../models/world/vlm', import.meta.url));
const TOKENS = /^(bos|eos|vision_start|vision_end|vision|image|video)_token_id$/;

/** A random VLM whose vocabulary is small: a step of it takes a few milliseconds, also as float64. */
export function writeSmallVlm(dir: string, seed = 1): string {
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const world = read(join(WORLD, 'config.json'));
  writeRandomQwen25VL(dir, {
    seed,
    layers: 2,
    hiddenSize: 32,
    vocabSize: world.vocab_size as number,
    dtype: 'float32',
  });
  const config = read(join(dir, 'config.json'));
  for (const name of Object.keys(config)) if (TOKENS.test(name)) config[name] = world[name];
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  for (const name of ['vocab.json', 'merges.txt', 'tokenizer_config.json'])
    copyFileSync(join(WORLD, name), join(dir, name));
  writeFileSync(join(dir, 'RANDOM_WEIGHTS'), 'random\n');
  return dir;
}
