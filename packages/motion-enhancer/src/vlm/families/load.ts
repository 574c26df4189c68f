import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer, readProcessorConfig } from '@motion-enhancer/models';
import { systemOf } from '../chat/system-prompt.js';
import { readGenerationConfig } from '../generate/generation-config.js';
import { mediaPreparation } from '../media/media-preparation.js';
import { checkMemory } from '../memory/check-memory.js';
import type { Vlm, VlmModel } from '../types.js';
import type { LoadOptions, VlmFolder } from './family.js';
import { type FamilyConfig, familyOf } from './family-of.js';

export type { GenerationConfig } from '../generate/generation-config.js';
export type { Vlm } from '../types.js';

/**
 * Loads a checkpoint folder and its tokenizer by the family that config.json's model_type names. Free it with
 * `dispose()`.
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG, ERR_SAFETENSORS, ERR_TOKENIZER: another model's checkpoint, a missing
 *   shard or file (named), sizes that contradict the weights; ERR_MEMORY: weights larger than the device's memory
 */
export function loadVlm(dir: string, options: LoadOptions): Vlm {
  const found = familyOf(dir);
  checkMemory(dir, options.device, options.dtype);
  // The tokenizer first: it is the smaller of what may be missing.
  const tokenizer = loadTokenizer(dir);
  const folder = {
    ...{ dir, tokenizer, processor: readProcessorConfig(dir) },
    config: found.family.readConfig(found.raw, found.file, tokenizer),
  };
  const model = found.family.load(folder, options);
  try {
    return assembleVlm(found, folder, model);
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** A family's model with everything around it that needs no weights. @throws UserError ERR_CONFIG */
export function assembleVlm({ family, raw, file }: FamilyConfig, folder: VlmFolder, network: VlmModel): Vlm {
  const { dir, tokenizer, processor, config } = folder;
  const size = family.size(raw, file);
  return {
    ...mediaPreparation(family, folder),
    ...{ dir, tokenizer, processor, size },
    model: network.model,
    device: network.model.device,
    dtype: network.model.dtype,
    weights: existsSync(join(dir, 'RANDOM_WEIGHTS')) ? 'random' : 'trained',
    generation: readGenerationConfig(dir, tokenizer.eosId),
    contextLength: size.context,
    prepareTokens: (messages, media, { system, ...settings }) =>
      family.prepareTokens(folder, messages, media, { ...settings, system: systemOf(system) }),
    stepFlops: (sample) => family.stepFlops({ config, size }, sample),
    encode: (media, checkpoints) => network.encode(media, checkpoints),
    forward: (chat, o) => network.forward(chat, o),
    logits: (hidden) => network.logits(hidden),
    generate: (chats, o) => network.generate(chats, o),
    save: (to, o) => network.save(to, o),
    dispose: () => network.dispose(),
  };
}
