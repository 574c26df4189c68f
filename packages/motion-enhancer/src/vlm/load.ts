import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@motion-enhancer/libtorch';
import { loadInternVL3, loadQwen25VL, loadTokenizer, readJsonObject } from '@motion-enhancer/models';
import { type LoadOptions, readFolder } from './family-parts.js';
import { imageTokenOf } from './image-token.js';
import { internVlm } from './internvl-vlm.js';
import { qwenVlm } from './qwen-vlm.js';
import type { Vlm, VlmFamily } from './types.js';

export type { GenerationConfig } from './generation-config.js';
export type { Vlm } from './types.js';

const FAMILIES: Readonly<Record<string, VlmFamily>> = {
  qwen2_5_vl: 'qwen2_5_vl',
  internvl: 'internvl3',
  internvl_chat: 'internvl3',
};

/**
 * Loads a checkpoint folder and its tokenizer: Qwen2.5-VL (flat or nested config) or InternVL3 (original or `-hf`), by
 * config.json's model_type. Free it with `dispose()`.
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG, ERR_SAFETENSORS, ERR_TOKENIZER: another model's checkpoint, a missing
 *   shard or file (named), sizes that contradict the weights
 */
export function loadVlm(dir: string, options: LoadOptions): Vlm {
  const { family, form } = familyOf(dir);
  // The tokenizer first: it is the smaller of what may be missing.
  const tokenizer = loadTokenizer(dir);
  const folder = readFolder(dir, tokenizer);
  if (family === 'qwen2_5_vl') {
    const model = loadQwen25VL(dir, options);
    return disposedOnError(model, () => qwenVlm(model, folder));
  }
  const imageTokenId = imageTokenOf(dir, form, tokenizer);
  const model = loadInternVL3(dir, { ...options, imageTokenId });
  return disposedOnError(model, () => internVlm(model, folder));
}

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

function disposedOnError<T>(model: { dispose(): void }, make: () => T): T {
  try {
    return make();
  } catch (error) {
    model.dispose();
    throw error;
  }
}
