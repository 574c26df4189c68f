import { COGVIDEOX_FILES } from '@motion-enhancer/models';
import type { VideoDiffusionFamily } from '../family.js';
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
  load: openCogVideoX,
};
