import { generateInternVL3, generateInternVL3Batch, type InternVL3 } from '@motion-enhancer/models';
import { generateGroups } from '../../generate/in-groups.js';
import type { PreparedChat, VlmModel } from '../../types.js';
import { encodeInternVL } from './encode.js';

/** A loaded InternVL3 as every family's model is used. */
export function internVL3Model(model: InternVL3): VlmModel {
  const inputOf = (chat: PreparedChat) => ({
    ids: chat.ids,
    visual: (chat.visual ?? encodeInternVL(model, chat.inputs))?.tokens ?? null,
  });
  return {
    model,
    encode: (media, checkpoints = null) => encodeInternVL(model, media, { checkpoints }),
    forward: (chat, { visual = null, ...options } = {}) =>
      model.forward({ ids: [chat.ids], visual: visual?.tokens ?? null, ...options }),
    logits: (hidden) => hidden.matmul(model.weights.language_model.lm_head.transpose(0, 1)),
    generate: (chats, options) =>
      generateGroups(chats, options, {
        inputOf,
        one: (input, o) => generateInternVL3(model, input, o),
        batch: (inputs, o) => generateInternVL3Batch(model, inputs, o),
      }),
    save: (dir, options) => model.savePretrained(dir, options),
    dispose: () => model.dispose(),
  };
}
