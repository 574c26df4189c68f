import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipelineFolders } from '@motion-enhancer/models';

/** How priors and messages name the family. */
export const COGVIDEOX_ID = 'cogvideox';

/** All weights of a CogVideoX folder. @throws UserError for what is no such folder */
export function cogVideoXWeightFiles(dir: string): string[] {
  const folders = pipelineFolders(dir);
  return [folders.transformer, folders.vae, folders.textEncoder].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => join(folder, name)),
  );
}
