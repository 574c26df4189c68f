import { wordSpans } from '@motion-enhancer/models';
import { videoDiffusionFamily } from './families.js';
import type { LoadOptions } from './family.js';
import { identify } from './identify.js';
import type { TextFit } from './text-fit.js';
import type { VideoDiffusion } from './video-diffusion.js';

/** Hash over all weights of a checkpoint folder; nothing is loaded. @throws UserError for what is no such folder */
export async function vdmHash(dir: string): Promise<string> {
  return (await identify(videoDiffusionFamily(dir), dir)).sha256;
}

/** What of a text a checkpoint's diffusion model is told; nothing is loaded but the tokenizer. */
export function textFitOf(dir: string, text: string): TextFit {
  const words = wordSpans(text).length;
  return videoDiffusionFamily(dir).textFit?.(dir, text) ?? { words, cut: 0, unknown: 0, known: true };
}

/** Loads a checkpoint folder of any known family. Free it with `dispose()`. @throws UserError for what is no such folder */
export async function loadVdm(dir: string, options: LoadOptions): Promise<VideoDiffusion> {
  const family = videoDiffusionFamily(dir);
  return family.load(await identify(family, dir), options);
}
