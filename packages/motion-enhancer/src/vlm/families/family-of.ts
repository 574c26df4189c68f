import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RawConfig, readJsonObject } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { VlmFamily } from './family.js';
import { familyNames, vlmFamilies, vlmFamilyByType } from './table.js';

/** A folder's config.json with the family that reads it. */
export interface FamilyConfig {
  family: VlmFamily;
  raw: RawConfig;
  file: string;
}

/** Which family a folder's config.json belongs to. @throws UserError ERR_CHECKPOINT, ERR_CONFIG */
export function familyOf(dir: string): FamilyConfig {
  checkFolder(dir);
  const file = join(dir, 'config.json');
  const raw = readJsonObject(file, 'ERR_CONFIG');
  const type = raw.model_type;
  const family = typeof type === 'string' ? vlmFamilyByType(type) : undefined;
  if (family) return { family, raw, file };
  const all = vlmFamilies();
  const types = all.flatMap(({ modelTypes }) => modelTypes).join(', ');
  const known = all.map(({ name, examples }) => `${name}${examples.length > 0 ? ` (${examples.join(', ')}, …)` : ''}`);
  throw new UserError(
    `Expected ${types} for model_type in ${file} but received ${JSON.stringify(type) ?? 'nothing'}. This is a checkpoint of another model: give one of ${known.join(' or ')}; --plugin FILE.mjs adds families.`,
    { code: 'ERR_CONFIG' },
  );
}

function checkFolder(dir: string): void {
  if (existsSync(join(dir, 'model_index.json')))
    throw new UserError(
      `Expected a vision-language model in ${dir} but received a pipeline of diffusers (it holds model_index.json). Give a folder of ${familyNames()}; video diffusion models go to --vdm.`,
      { code: 'ERR_CHECKPOINT' },
    );
  if (existsSync(dir) && existsSync(join(dir, 'adapter_config.json')) && !existsSync(join(dir, 'config.json')))
    throw new UserError(
      `Expected a whole checkpoint in ${dir} but received an adapter (adapter_config.json). Merge it into its base model first.`,
      { code: 'ERR_CHECKPOINT' },
    );
  if (!existsSync(dir))
    throw new UserError(`There is no checkpoint folder ${dir}. Check the path, or download the checkpoint.`, {
      code: 'ERR_CHECKPOINT',
    });
}
