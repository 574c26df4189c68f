// What the tests of VLMs share: a small random checkpoint in each published form, with a real tokenizer.
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type RandomInternVL3Options,
  type RandomQwen25VLOptions,
  writeRandomInternVL3,
  writeRandomQwen25VL,
} from '@motion-enhancer/models';
import { fixture } from '@motion-enhancer/support/testing';
import { resolve } from '../config/field.js';
import { VIDEO_FIELDS, type VideoSettings } from './media/video-input.js';

export const FORMS = ['qwen-hub', 'qwen-nested', 'internvl-hf', 'internvl-remote'] as const;
export type Form = (typeof FORMS)[number];

type Sizes = Partial<RandomQwen25VLOptions & RandomInternVL3Options>;

/** Two layers, 32 wide, float32. */
export function writeTestForm(dir: string, form: Form, sizes: Sizes = {}): string {
  const common = { seed: 1, layers: 2, hiddenSize: 32, dtype: 'float32', ...sizes } as const;
  if (form.startsWith('qwen')) writeRandomQwen25VL(dir, { ...common, form: form === 'qwen-hub' ? 'hub' : 'nested' });
  else writeRandomInternVL3(dir, { ...common, imageSize: 56, form: form === 'internvl-hf' ? 'hf' : 'remote' });
  const tokenizer = fixture('tokenizers/qwen2');
  for (const name of readdirSync(tokenizer)) copyFileSync(join(tokenizer, name), join(dir, name));
  writeFileSync(join(dir, 'RANDOM_WEIGHTS'), 'random\n');
  return dir;
}

export const testSettings = (given: Partial<VideoSettings> = {}): VideoSettings =>
  resolve(VIDEO_FIELDS, { maxPixels: 3136, ...given });
