import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RANDOM_WEIGHTS_MARK } from '@motion-enhancer/models';
import { weightsHash } from '../store/key.js';
import type { VideoDiffusionFamily } from './family.js';
import type { ModelIdentity } from './video-diffusion.js';

/** Which checkpoint a folder holds; nothing is loaded. @throws UserError for a folder that the family cannot read */
export async function identify(
  { id, weightFiles }: Pick<VideoDiffusionFamily, 'id' | 'weightFiles'>,
  dir: string,
): Promise<ModelIdentity> {
  return {
    family: id,
    dir,
    sha256: await weightsHash(weightFiles(dir)),
    weights: existsSync(join(dir, RANDOM_WEIGHTS_MARK)) ? 'random' : 'trained',
  };
}
