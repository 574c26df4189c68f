import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DType, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import {
  type CogVideoXTransformer,
  type CogVideoXVae,
  DdimSchedule,
  type Encoding,
  groupWords,
  loadCogVideoXTransformer,
  loadT5Encoder,
  loadTokenizer,
  loadVae,
  pipelineFolders,
  type T5Encoder,
  type Tokenizer,
  type Word,
} from '@motion-enhancer/models';
import { weightsHash } from './key.js';

/** A frozen video diffusion model: everything of a CogVideoX checkpoint that the method uses. */
export interface Vdm {
  dir: string;
  sha256: string;
  weights: 'trained' | 'random';
  device: string;
  dtype: DType;
  tokenizer: Tokenizer;
  text: T5Encoder;
  vae: CogVideoXVae;
  transformer: CogVideoXTransformer;
  schedule: DdimSchedule;
  dispose(): void;
}

/** Loads a CogVideoX folder (transformer/, vae/, text_encoder/, tokenizer/, scheduler/). Free it with `dispose()`. */
export async function loadVdm(dir: string, o: { device: string; dtype: DType }): Promise<Vdm> {
  const folders = pipelineFolders(dir);
  const files = [folders.transformer, folders.vae, folders.textEncoder].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => join(folder, name)),
  );
  const sha256 = await weightsHash(files);
  const tokenizer = loadTokenizer(folders.tokenizer);
  const transformer = loadCogVideoXTransformer(folders.transformer, o);
  const vae = loadVae(folders.vae, o);
  const text = loadT5Encoder(folders.textEncoder, o);
  return {
    dir,
    sha256,
    weights: existsSync(join(dir, 'RANDOM_WEIGHTS')) ? 'random' : 'trained',
    ...o,
    tokenizer,
    text,
    vae,
    transformer,
    schedule: DdimSchedule.fromFolder(folders.scheduler),
    dispose() {
      transformer.dispose();
      vae.dispose();
      text.dispose();
    },
  };
}

/** Token ids, embedding [1, T, D] and words of a text as CogVideoX takes it: padded to the model's text length. */
export function encodeText(vdm: Vdm, text: string): { embedding: Tensor; words: Word[]; encoding: Encoding } {
  const maxLength = vdm.transformer.config.maxTextSeqLength;
  const encoding = vdm.tokenizer.encode(text, { maxLength, padToMaxLength: true });
  const embedding = noGrad(() =>
    scope(() => vdm.text.forward(tensor([encoding.ids], { dtype: 'int64', device: vdm.device })).to(vdm.dtype)),
  );
  return { embedding, words: groupWords(text, encoding), encoding };
}
