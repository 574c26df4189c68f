import { join } from 'node:path';
import {
  COGVIDEOX_FILES,
  loadTokenizer,
  pipelineFolders,
  readCogVideoXConfig,
  readJsonObject,
} from '@motion-enhancer/models';
import type { VideoDiffusionFamily } from '../family.js';
import { textFit } from '../text-fit.js';
import { openCogVideoX } from './load-cogvideox.js';
import { planCogVideoX } from './plan.js';
import { COGVIDEOX_ID, cogVideoXWeightFiles } from './weight-files.js';

/** CogVideoX 1.5, 1.0-5B and 2B, text to video: joint attention, DDIM, T5, a causal video autoencoder. */
export const cogVideoXFamily: VideoDiffusionFamily = {
  id: COGVIDEOX_ID,
  pipelines: /^CogVideoX(DDIMInversion)?Pipeline$/,
  transformers: ['CogVideoXTransformer3DModel'],
  files: COGVIDEOX_FILES,
  weightFiles: cogVideoXWeightFiles,
  plan: planCogVideoX,
  textFit(dir, text) {
    const { tokenizer, transformer } = pipelineFolders(dir);
    const file = join(transformer, 'config.json');
    const { maxTextSeqLength } = readCogVideoXConfig(readJsonObject(file, 'ERR_CONFIG'), file);
    return textFit(loadTokenizer(tokenizer), maxTextSeqLength, text);
  },
  load: openCogVideoX,
};
