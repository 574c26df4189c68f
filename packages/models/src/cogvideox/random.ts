import { join } from 'node:path';
import { Generator, noGrad, scope } from '@motion-enhancer/libtorch';
import { makeFolder, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { saveCheckpoint } from '../hub/index.js';
import { DEMO_SIZES, type RandomSizes } from './random/sizes.js';
import { randomTextEncoder } from './random/text-encoder.js';
import { randomTransformer } from './random/transformer.js';
import { randomVae } from './random/vae.js';
import { WeightMaker } from './random/weight-maker.js';

export { DEMO_SIZES, type RandomSizes } from './random/sizes.js';
export { randomTextEncoder } from './random/text-encoder.js';
export { randomTransformer } from './random/transformer.js';
export { randomVae } from './random/vae.js';
export { WeightMaker } from './random/weight-maker.js';

/** Marks a checkpoint folder whose weights nobody trained; its priors say so. */
export const RANDOM_WEIGHTS_MARK = 'RANDOM_WEIGHTS';

/** Text of the folder's README.md and of the mark. */
export const RANDOM_CARD = `---
library_name: diffusers
tags: [random-weights]
---
# A random CogVideoX

The weights of this folder are RANDOM numbers in the layout of CogVideoX1.5 (https://huggingface.co/THUDM/CogVideoX1.5-5B):
nothing was trained and nothing was copied. It serves to try programs out. Its videos are noise, and its
attention maps and motion priors mean nothing.
`;

/**
 * Writes a small CogVideoX-1.5-form checkpoint with random weights: transformer/, vae/, text_encoder/, scheduler/,
 * model_index.json, README.md and the mark. tokenizer/ is the caller's: copy T5's files there. Activations stay of size
 * about 1 and attention is uneven. The same seed and sizes give the same bytes.
 * @throws UserError `ERR_CHECKPOINT` when a part's folder holds something already; `ERR_WRITE`
 */
export function writeRandomCogVideoX(dir: string, options: { seed: number } & Partial<RandomSizes>): void {
  const { seed, ...given } = options;
  const sizes: RandomSizes = { ...DEMO_SIZES, ...given };
  makeFolder(dir);
  const part = (folder: string, index: number, make: typeof randomVae, weightsName: string) =>
    scope(() =>
      noGrad(() => {
        const generator = new Generator(seed * 3 + index);
        const maker = new WeightMaker(generator);
        const config = make(maker, sizes);
        generator.dispose();
        saveCheckpoint(join(dir, folder), { config, tensors: maker.tensors, weightsName });
      }),
    );
  part('transformer', 0, randomTransformer, 'diffusion_pytorch_model');
  part('vae', 1, randomVae, 'diffusion_pytorch_model');
  part('text_encoder', 2, randomTextEncoder, 'model');
  makeFolder(join(dir, 'scheduler'));
  write(join(dir, 'scheduler', 'scheduler_config.json'), json(SCHEDULER_FILE));
  write(join(dir, 'model_index.json'), json(MODEL_INDEX_FILE));
  write(join(dir, 'README.md'), RANDOM_CARD);
  write(
    join(dir, RANDOM_WEIGHTS_MARK),
    'The weights of this checkpoint are random numbers: what it computes means nothing.\n',
  );
}

/** As CogVideoX1.5-5B has it. */
export const SCHEDULER_FILE = {
  _class_name: 'CogVideoXDDIMScheduler',
  _diffusers_version: '0.40.0.dev0',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  clip_sample: false,
  clip_sample_range: 1,
  num_train_timesteps: 1000,
  prediction_type: 'v_prediction',
  rescale_betas_zero_snr: true,
  sample_max_value: 1,
  set_alpha_to_one: true,
  snr_shift_scale: 1,
  steps_offset: 0,
  timestep_spacing: 'trailing',
  trained_betas: null,
};

export const MODEL_INDEX_FILE = {
  _class_name: 'CogVideoXPipeline',
  _diffusers_version: '0.40.0.dev0',
  scheduler: ['diffusers', 'CogVideoXDDIMScheduler'],
  text_encoder: ['transformers', 'T5EncoderModel'],
  tokenizer: ['transformers', 'T5Tokenizer'],
  transformer: ['diffusers', 'CogVideoXTransformer3DModel'],
  vae: ['diffusers', 'AutoencoderKLCogVideoX'],
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function write(path: string, text: string): void {
  const bytes = Buffer.from(text);
  writeFileAtomically(path, bytes.byteLength, (fd) => writeFully(fd, bytes));
}
