import { loadInternVL3, loadQwen25VL, loadTokenizer } from '@motion-enhancer/models';
import { imageTokenOf } from '../chat/image-token.js';
import { checkMemory } from '../memory/check-memory.js';
import type { Vlm } from '../types.js';
import { familyOf } from './family-of.js';
import { type LoadOptions, readFolder } from './family-parts.js';
import { internVlm } from './internvl3/internvl-vlm.js';
import { qwenVlm } from './qwen2-5-vl/qwen-vlm.js';

export type { GenerationConfig } from '../generate/generation-config.js';
export type { Vlm } from '../types.js';

/**
 * Loads a checkpoint folder and its tokenizer: Qwen2.5-VL (flat or nested config) or InternVL3 (original or `-hf`), by
 * config.json's model_type. Free it with `dispose()`.
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG, ERR_SAFETENSORS, ERR_TOKENIZER: another model's checkpoint, a missing
 *   shard or file (named), sizes that contradict the weights; ERR_MEMORY: weights larger than the device's memory
 */
export function loadVlm(dir: string, options: LoadOptions): Vlm {
  const { family, form } = familyOf(dir);
  checkMemory(dir, options.device, options.dtype);
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

function disposedOnError<T>(model: { dispose(): void }, make: () => T): T {
  try {
    return make();
  } catch (error) {
    model.dispose();
    throw error;
  }
}
