import { noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import type { ChatMessage } from '@motion-enhancer/models';
import { layOut } from '../../vlm/chat.js';
import type { InputSettings, PreparedChat, Vlm, VlmMessage } from '../../vlm/types.js';
import type { LossReduction } from '../prompts/types.js';

export interface RankRequest {
  /** Up to the user's question. */
  messages: readonly VlmMessage[];
  inputs: PreparedChat['inputs'];
  visual: PreparedChat['visual'];
  settings: InputSettings;
  options: readonly string[];
  reduction: LossReduction;
  before: string;
}

/**
 * The language model's loss of each option as the assistant's reply, teacher-forced, over the option's own tokens.
 * @throws UserError ERR_CONTEXT
 */
export function optionLosses(vlm: Vlm, request: RankRequest): { losses: number[]; tokens: number } {
  let tokens = 0;
  const losses = request.options.map((option) => {
    const reply: ChatMessage = { role: 'assistant', content: `${request.before}${option}` };
    const chat = layOut(vlm, [...request.messages, reply as VlmMessage], request.inputs, request.settings);
    try {
      tokens = Math.max(tokens, chat.ids.length);
      return noGrad(() => scope(() => lossOf(vlm, chat, request)));
    } finally {
      chat.positions?.dispose();
    }
  });
  return { losses, tokens };
}

function lossOf(vlm: Vlm, chat: PreparedChat, { visual, reduction }: RankRequest): number {
  // The end mark of the reply and the newline after it are no part of the option.
  const reply = chat.labels.flatMap((label, i) => (label >= 0 ? [i] : []));
  const own = reply.slice(
    0,
    reply.findLastIndex((i) => chat.special[i]),
  );
  const { logits } = vlm.forward(chat, { visual: visual ?? null, logits: own.map((i) => i - 1) });
  const targets = tensor(
    own.map((i) => chat.ids[i]!),
    { dtype: 'int64', device: logits.device },
  ).unsqueeze(1);
  const each = logits.select(0, 0).to('float32').logSoftmax(-1).gather(1, targets);
  const sum = -each.sum().item();
  return reduction === 'sum' ? sum : sum / own.length;
}
