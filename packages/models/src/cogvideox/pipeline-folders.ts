import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@motion-enhancer/support';
import { readJsonObject } from '../hub/index.js';
import { configError } from './require-class.js';

/** The parts of a CogVideoX checkpoint folder, as paths. */
export interface PipelineFolders {
  transformer: string;
  vae: string;
  textEncoder: string;
  tokenizer: string;
  scheduler: string;
}

/** Name, folder and the file without which it is empty. */
const PARTS = [
  ['transformer', 'transformer', 'config.json'],
  ['vae', 'vae', 'config.json'],
  ['textEncoder', 'text_encoder', 'config.json'],
  ['tokenizer', 'tokenizer', null],
  ['scheduler', 'scheduler', 'scheduler_config.json'],
] as const;

const PIPELINE = /^CogVideoX(DDIMInversion)?Pipeline$/;

/**
 * The folders of a whole checkpoint such as THUDM/CogVideoX1.5-5B. model_index.json may be absent (a hand-made folder),
 * but when it is there it must name CogVideoX's text-to-video pipeline.
 * @throws UserError `ERR_CHECKPOINT` naming every folder or file that is missing; `ERR_CONFIG` for another pipeline
 */
export function pipelineFolders(dir: string): PipelineFolders {
  if (!existsSync(dir)) {
    throw missing(`There is no checkpoint folder ${dir}. Check the path, or download the checkpoint.`);
  }
  const index = join(dir, 'model_index.json');
  if (existsSync(index)) {
    const name = readJsonObject(index, 'ERR_CONFIG')._class_name;
    if (typeof name !== 'string' || !PIPELINE.test(name)) {
      throw configError(
        `Expected CogVideoXPipeline for _class_name in ${index} but received ${JSON.stringify(name ?? null)}. ` +
          'Use a text-to-video checkpoint such as THUDM/CogVideoX1.5-5B.',
      );
    }
  }
  const absent = PARTS.filter(([, folder, file]) => !existsSync(file ? join(dir, folder, file) : join(dir, folder)));
  if (absent.length > 0) {
    const names = absent.map(([, folder, file]) => (file ? `${folder}/${file}` : `${folder}/`)).join(', ');
    const inner = existsSync(join(dir, 'config.json')) ? ' It looks like one part: give the folder around it.' : '';
    throw missing(`The checkpoint ${dir} lacks ${names}.${inner || ' Download it again, with all of its folders.'}`);
  }
  return Object.fromEntries(PARTS.map(([name, folder]) => [name, join(dir, folder)])) as unknown as PipelineFolders;
}

function missing(message: string): UserError {
  return new UserError(message, { code: 'ERR_CHECKPOINT' });
}
