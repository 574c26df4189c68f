import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObject } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { cogVideoXFamily } from './cogvideox/family.js';
import type { VideoDiffusionFamily } from './family.js';

/** Every family of video diffusion models that this process knows. */
const FAMILIES: VideoDiffusionFamily[] = [cogVideoXFamily];

/** Adds a family, as a plugin does; one of the same id takes the other's place. */
export function registerVideoDiffusion(family: VideoDiffusionFamily): void {
  const at = FAMILIES.findIndex(({ id }) => id === family.id);
  FAMILIES.splice(at < 0 ? FAMILIES.length : at, at < 0 ? 0 : 1, family);
}

/** Files that any family needs of a repository, as patterns. */
export const videoDiffusionFiles = (): string[] => [...new Set(FAMILIES.flatMap(({ files }) => files))];

/**
 * The family of a checkpoint folder, by the class that its model_index.json names, or its transformer's config.json.
 * A folder with neither is taken for the first family's, which then says what it lacks.
 * @throws UserError `ERR_CHECKPOINT` without a folder, `ERR_CONFIG` for a class that no family has
 */
export function videoDiffusionFamily(dir: string): VideoDiffusionFamily {
  if (!existsSync(dir)) {
    throw new UserError(`There is no checkpoint folder ${dir}. Check the path, or download the checkpoint.`, {
      code: 'ERR_CHECKPOINT',
    });
  }
  const [first] = FAMILIES;
  const [pipeline, transformer] = [join(dir, 'model_index.json'), join(dir, 'transformer', 'config.json')];
  const file = [pipeline, transformer].find((path) => existsSync(path));
  if (!file) return first!;
  const name = readJsonObject(file, 'ERR_CONFIG')._class_name;
  const family = FAMILIES.find(({ pipelines, transformers }) =>
    file === pipeline ? typeof name === 'string' && pipelines.test(name) : transformers.includes(String(name)),
  );
  if (family) return family;
  const known = FAMILIES.map(({ id }) => id).join(', ');
  throw new UserError(
    `Expected a text-to-video checkpoint of a known family (${known}) for _class_name in ${file} but received ` +
      `${JSON.stringify(name ?? null)}. Use one of these, or load its family with --plugin FILE.mjs: docs/guides/add-a-diffusion-model.md.`,
    { code: 'ERR_CONFIG' },
  );
}
