import { videoDiffusionFamily } from './families.js';
import type { LoadOptions } from './family.js';
import { identify } from './identify.js';
import type { VideoDiffusion } from './video-diffusion.js';

/** Hash over all weights of a checkpoint folder; nothing is loaded. @throws UserError for what is no such folder */
export async function vdmHash(dir: string): Promise<string> {
  return (await identify(videoDiffusionFamily(dir), dir)).sha256;
}

/** Loads a checkpoint folder of any known family. Free it with `dispose()`. @throws UserError for what is no such folder */
export async function loadVdm(dir: string, options: LoadOptions): Promise<VideoDiffusion> {
  const family = videoDiffusionFamily(dir);
  return family.load(await identify(family, dir), options);
}
