import { join } from 'node:path';
import { keep, noGrad, scope } from '@motion-enhancer/libtorch';
import {
  type CogVideoXVae,
  cogVideoXVae,
  MODEL_INDEX_FILE,
  SCHEDULER_FILE,
  saveCheckpoint,
} from '@motion-enhancer/models';
import { makeFolder, writeText } from '@motion-enhancer/support';
import { mapTensors } from '../train/map-tensors.js';
import { lastTap } from './last-tap.js';
import { type Part, vaeOf } from './parts.js';
import { writeWorldTokenizer } from './tokenizer.js';

export interface Parts {
  vae: Part;
  transformer: Part;
  text: Part;
}

/** Of a pipeline folder. */
export const FOLDERS = { vae: 'vae', transformer: 'transformer', text: 'text_encoder' } as const;

/** Writes a pipeline folder as diffusers has it, weights in bfloat16. */
export function writeVdm(dir: string, parts: Parts, card: string): void {
  makeFolder(dir);
  for (const part of ['vae', 'transformer', 'text'] as const) {
    const { config, tensors } = parts[part];
    scope(() =>
      noGrad(() =>
        saveCheckpoint(join(dir, FOLDERS[part]), {
          config,
          tensors: new Map([...tensors].map(([name, tensor]) => [name, tensor.to('bfloat16')])),
          weightsName: part === 'text' ? 'model' : 'diffusion_pytorch_model',
          overwrite: true,
        }),
      ),
    );
  }
  writeWorldTokenizer(join(dir, 'tokenizer'));
  makeFolder(join(dir, 'scheduler'));
  const json = (path: string, value: unknown) => writeText(join(dir, path), `${JSON.stringify(value, null, 2)}\n`);
  json('scheduler/scheduler_config.json', SCHEDULER_FILE);
  json('model_index.json', MODEL_INDEX_FILE);
  writeText(join(dir, 'README.md'), card);
}

/** The autoencoder for inference over copies of these weights, frame by frame; free it with `dispose()`. */
export function frozenVae(part: Part, dtype: 'float32' | 'bfloat16'): CogVideoXVae {
  const { config, encoder, decoder } = vaeOf(part);
  return noGrad(() => {
    const copy = <T>(tree: T): T => mapTensors(tree, (t) => scope(() => keep(lastTap(t).detach().to(dtype).clone())));
    return cogVideoXVae(config, copy(encoder), copy(decoder));
  });
}
