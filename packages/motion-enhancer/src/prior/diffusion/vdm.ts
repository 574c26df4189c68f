import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, synchronize } from '@motion-enhancer/libtorch';
import {
  type CogVideoXTransformer,
  type CogVideoXVae,
  DdimSchedule,
  loadCogVideoXTransformer,
  loadTokenizer,
  loadVae,
  pipelineFolders,
  readCogVideoXConfig,
  readJsonObject,
} from '@motion-enhancer/models';
import { weightsHash } from '../store/key.js';
import { TextEmbeddings } from './text-embeddings.js';

/** A frozen video diffusion model: everything of a CogVideoX checkpoint that the method uses. */
export interface Vdm {
  dir: string;
  sha256: string;
  weights: 'trained' | 'random';
  device: string;
  dtype: DType;
  texts: TextEmbeddings;
  vae: CogVideoXVae;
  transformer: CogVideoXTransformer;
  schedule: DdimSchedule;
  dispose(): void;
}

/** Hash over all weights of a CogVideoX folder; nothing is loaded. @throws UserError for what is no such folder */
export async function vdmHash(dir: string): Promise<string> {
  const folders = pipelineFolders(dir);
  const files = [folders.transformer, folders.vae, folders.textEncoder].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => join(folder, name)),
  );
  return weightsHash(files);
}

export interface VdmOptions {
  device: string;
  dtype: DType;
  /** Texts that will be wanted: their encoder comes and goes before the transformer is loaded. */
  texts?: Iterable<string>;
  /** Load the VAE's decoder too (default false). */
  decoder?: boolean;
}

/** Loads a CogVideoX folder (transformer/, vae/, text_encoder/, tokenizer/, scheduler/). Free it with `dispose()`. */
export async function loadVdm(dir: string, o: VdmOptions): Promise<Vdm> {
  const { device, dtype } = o;
  const folders = pipelineFolders(dir);
  const sha256 = await vdmHash(dir);
  const configFile = join(folders.transformer, 'config.json');
  const { maxTextSeqLength } = readCogVideoXConfig(readJsonObject(configFile, 'ERR_CONFIG'), configFile);
  const run = { device, dtype };
  const tokenizer = loadTokenizer(folders.tokenizer);
  const texts = new TextEmbeddings(folders.textEncoder, tokenizer, { ...run, maxLength: maxTextSeqLength });
  const parts: { dispose(): void }[] = [{ dispose: () => texts.clear() }];
  const dispose = () => {
    for (const part of parts) part.dispose();
  };
  try {
    texts.encode(o.texts ?? []);
    const transformer = loadCogVideoXTransformer(folders.transformer, run);
    parts.push(transformer);
    const vae = loadVae(folders.vae, { ...run, decoder: o.decoder ?? false });
    parts.push(vae);
    // Weights are on the device before work of other queues reads them.
    synchronize(device);
    return {
      dir,
      sha256,
      weights: existsSync(join(dir, 'RANDOM_WEIGHTS')) ? 'random' : 'trained',
      ...run,
      texts,
      vae,
      transformer,
      schedule: DdimSchedule.fromFolder(folders.scheduler),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
