import { noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import { layOut } from '../../vlm/chat.js';
import type { InputSettings, PreparedChat, Vlm, VlmMessage } from '../../vlm/types.js';

export interface RankRequest {
  /** Up to the user's question. */
  messages: readonly VlmMessage[];
  inputs: PreparedChat['inputs'];
  visual: PreparedChat['visual'];
  settings: InputSettings;
  /** Texts of the assistant's reply, one an option. */
  options: readonly string[];
}

/**
 * −log p of each token of each option as the assistant's reply, teacher-forced.
 * @returns the losses, and the tokens of the longest chat
 * @throws UserError ERR_CONTEXT
 */
export function optionLosses(vlm: Vlm, request: RankRequest): { losses: number[][]; tokens: number } {
  let tokens = 0;
  const losses = request.options.map((content) => {
    const messages: VlmMessage[] = [...request.messages, { role: 'assistant', content }];
    const chat = layOut(vlm, messages, request.inputs, request.settings);
    try {
      tokens = Math.max(tokens, chat.ids.length);
      return noGrad(() => scope(() => tokenLosses(vlm, { ...chat, visual: request.visual ?? null })));
    } finally {
      chat.positions?.dispose();
    }
  });
  return { losses, tokens };
}

function tokenLosses(vlm: Vlm, chat: PreparedChat): number[] {
  const reply = chat.labels.flatMap((label, i) => (label >= 0 ? [i] : []));
  // The reply's end mark, and the newline after it, are no part of the option.
  const end = reply.findLastIndex((i) => chat.special[i]);
  const own = end < 0 ? reply : reply.slice(0, end);
  if (own.length === 0) return [];
  const { logits } = vlm.forward(chat, { visual: chat.visual ?? null, logits: own.map((i) => i - 1) });
  const targets = tensor(
    own.map((i) => chat.ids[i]!),
    { dtype: 'int64', device: logits.device },
  );
  const each = logits.select(0, 0).to('float32').logSoftmax(-1).gather(1, targets.unsqueeze(1));
  return Array.from(each.neg().flatten().toArray(), Number);
}
