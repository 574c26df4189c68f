import { join } from 'node:path';
import { synchronize } from '@motion-enhancer/libtorch';
import {
  type CogVideoXTransformer,
  type CogVideoXVae,
  DdimSchedule,
  loadCogVideoXTransformer,
  loadVae,
  pipelineFolders,
  readCogVideoXConfig,
  readJsonObject,
} from '@motion-enhancer/models';
import { pixelFramesOf } from '../../grid.js';
import type { LoadOptions } from '../family.js';
import { identify } from '../identify.js';
import type { ModelIdentity, VideoDiffusion } from '../video-diffusion.js';
import { absentTransformer } from './absent-transformer.js';
import { cogVideoXDenoiser } from './denoiser.js';
import { frameRuleOf } from './frame-rule-of.js';
import { decodeLatents, encodeLatents } from './latents.js';
import { t5Texts } from './texts.js';
import { COGVIDEOX_ID, cogVideoXWeightFiles } from './weight-files.js';

/** A loaded CogVideoX checkpoint; its parts are for code that is about CogVideoX. */
export interface CogVideoX extends VideoDiffusion {
  readonly vae: CogVideoXVae;
  readonly transformer: CogVideoXTransformer;
  readonly schedule: DdimSchedule;
}

/** Loads a folder that must hold a CogVideoX; `loadVdm` takes that of any family. @throws UserError for another model */
export async function loadCogVideoX(dir: string, options: LoadOptions): Promise<CogVideoX> {
  return openCogVideoX(await identify({ id: COGVIDEOX_ID, weightFiles: cogVideoXWeightFiles }, dir), options);
}

/** Loads transformer/, vae/, text_encoder/ (for `texts` alone), tokenizer/ and scheduler/. */
export function openCogVideoX(identity: ModelIdentity, o: LoadOptions): CogVideoX {
  const run = { device: o.device, dtype: o.dtype };
  const folders = pipelineFolders(identity.dir);
  const configFile = join(folders.transformer, 'config.json');
  const { maxTextSeqLength } = readCogVideoXConfig(readJsonObject(configFile, 'ERR_CONFIG'), configFile);
  const texts = t5Texts(folders, { ...run, maxLength: maxTextSeqLength });
  const parts: { dispose(): void }[] = [{ dispose: () => texts.clear() }];
  const dispose = () => {
    for (const part of parts) part.dispose();
  };
  try {
    texts.encode(o.texts ?? []);
    const transformer =
      o.denoiser === false
        ? absentTransformer(readCogVideoXConfig(readJsonObject(configFile, 'ERR_CONFIG'), configFile), run)
        : loadCogVideoXTransformer(folders.transformer, run);
    parts.push(transformer);
    const vae = loadVae(folders.vae, { ...run, decoder: o.decoder ?? false });
    parts.push(vae);
    // Weights are on the device before work of other queues reads them.
    synchronize(o.device);
    return cogVideoX(
      identity,
      { texts, transformer, vae, schedule: DdimSchedule.fromFolder(folders.scheduler) },
      dispose,
    );
  } catch (error) {
    dispose();
    throw error;
  }
}

function cogVideoX(
  identity: ModelIdentity,
  parts: Pick<CogVideoX, 'texts' | 'transformer' | 'vae' | 'schedule'>,
  dispose: () => void,
): CogVideoX {
  const { transformer, vae, schedule } = parts;
  const { patchSize, patchSizeT } = transformer.config;
  const patchT = patchSizeT ?? 1;
  return {
    ...identity,
    ...cogVideoXDenoiser(transformer, schedule),
    ...parts,
    frameRule: frameRuleOf(vae.config),
    sizeMultiple: vae.config.spatialCompression * patchSize,
    encodeVideo: (clip_BCTHW, options = {}) => encodeLatents(vae, patchT, clip_BCTHW, options),
    latentFrames: (x0_BFCHW) => x0_BFCHW,
    decodeVideo: (latents, options = {}) => decodeLatents(vae, latents, options),
    pixelFrames: ({ x0, padded }) =>
      pixelFramesOf(Math.ceil(x0.size(1) / patchT), patchT, padded, vae.config.temporalCompression),
    dispose,
  };
}
