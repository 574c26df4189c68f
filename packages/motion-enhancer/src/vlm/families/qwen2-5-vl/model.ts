import type { Tensor } from '@motion-enhancer/libtorch';
import { generate, generateBatch, type Qwen25VL } from '@motion-enhancer/models';
import { generateGroups } from '../../generate/in-groups.js';
import type { ChatInput, PreparedChat, VlmModel } from '../../types.js';
import { encodeQwen } from './encode.js';

/** A loaded Qwen2.5-VL as every family's model is used. */
export function qwen25VLModel(model: Qwen25VL): VlmModel {
  const inputOf = (chat: PreparedChat) => ({
    ids: chat.ids,
    visual: (chat.visual ?? encodeQwen(model, chat.inputs))?.tokens ?? null,
    rope: chat.rope!,
  });
  return {
    model,
    encode: (media, checkpoints = null) => encodeQwen(model, media, { checkpoints }),
    forward: (chat, { visual = null, ...options } = {}) =>
      model.forward({
        ids: [chat.ids],
        visual: visual?.tokens ?? null,
        positions_3BN: positionsOf(chat),
        ...options,
      }),
    logits: (hidden) => hidden.matmul(model.weights.language_model.lm_head.transpose(0, 1)),
    generate: (chats, options) =>
      generateGroups(chats, options, {
        inputOf,
        one: (input, o) => generate(model, input, o),
        batch: (inputs, o) => generateBatch(model, inputs, o),
      }),
    save: (dir, options) => model.savePretrained(dir, options),
    dispose: () => model.dispose(),
  };
}

function positionsOf({ positions }: ChatInput): Tensor {
  if (positions) return positions;
  throw new TypeError('a chat of another family has no multimodal rotary positions');
}
