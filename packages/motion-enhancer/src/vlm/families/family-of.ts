import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObject } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { VlmFamily } from '../types.js';

const FAMILIES: Readonly<Record<string, VlmFamily>> = {
  qwen2_5_vl: 'qwen2_5_vl',
  internvl: 'internvl3',
  internvl_chat: 'internvl3',
};

/** Which family a folder's config.json belongs to. @throws UserError ERR_CHECKPOINT, ERR_CONFIG */
export function familyOf(dir: string): { family: VlmFamily; form: string } {
  if (existsSync(join(dir, 'model_index.json')))
    throw new UserError(
      `Expected a vision-language model in ${dir} but received a pipeline of diffusers (it holds model_index.json). Give a folder of Qwen2.5-VL or InternVL3; video diffusion models go to --vdm.`,
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
  const file = join(dir, 'config.json');
  const type = readJsonObject(file, 'ERR_CONFIG').model_type;
  const family = typeof type === 'string' && Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (family) return { family, form: type as string };
  throw new UserError(
    `Expected ${Object.keys(FAMILIES).join(', ')} for model_type in ${file} but received ${JSON.stringify(type) ?? 'nothing'}. This is a checkpoint of another model: give one of Qwen2.5-VL (Qwen/Qwen2.5-VL-3B-Instruct, …) or InternVL3 (OpenGVLab/InternVL3-2B, OpenGVLab/InternVL3-2B-hf, …).`,
    { code: 'ERR_CONFIG' },
  );
}
