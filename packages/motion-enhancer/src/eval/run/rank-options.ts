import { noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import { KVCache } from '@motion-enhancer/models';
import { layOut } from '../../vlm/chat/chat.js';
import type { InputSettings, PreparedChat, Vlm, VlmMessage } from '../../vlm/types.js';

export interface RankRequest {
  /** Up to the user's question. */
  messages: readonly VlmMessage[];
  inputs: PreparedChat['inputs'];
  visual: PreparedChat['visual'];
  settings: InputSettings;
  /** Texts of the assistant's reply, one an option. */
  options: readonly string[];
  /** Whether the token that ends the reply counts too. */
  endMark: boolean;
}

/**
 * −log p of each token of each option as the assistant's reply, teacher-forced; what the chats begin with in common is
 * computed once.
 * @returns the losses, and the tokens of the longest chat
 * @throws UserError ERR_CONTEXT
 */
export function optionLosses(vlm: Vlm, request: RankRequest): { losses: number[][]; tokens: number } {
  const { messages, inputs, settings, visual = null, options, endMark } = request;
  const chats: PreparedChat[] = [];
  const cache = new KVCache();
  try {
    for (const content of options) {
      chats.push(layOut(vlm, [...messages, { role: 'assistant', content }], inputs, settings));
    }
    const own = chats.map((chat) => ownTokens(chat, endMark));
    // The token before an option is computed with it: its logits are the option's first.
    const shared = Math.min(commonLength(chats), ...own.map(([first]) => (first ?? Number.POSITIVE_INFINITY) - 1));
    const losses = noGrad(() =>
      scope(() => {
        scope(() => vlm.forward(partOf(chats[0]!, 0, shared), { visual, cache, logits: 'last' }));
        return chats.map((chat, i) => {
          if (own[i]!.length === 0) return [];
          const each = scope(() => tokenLosses(vlm, chat, own[i]!, shared, cache));
          cache.rewind(shared);
          return each;
        });
      }),
    );
    return { losses, tokens: Math.max(...chats.map(({ ids }) => ids.length)) };
  } finally {
    cache.dispose();
    for (const { positions } of chats) positions?.dispose();
  }
}

/** Places of the reply's tokens, up to its end mark or with it; a newline after that is no part of the option. */
function ownTokens({ labels, special }: PreparedChat, endMark: boolean): number[] {
  const reply = labels.flatMap((label, i) => (label >= 0 ? [i] : []));
  const end = reply.findLastIndex((i) => special[i]);
  return end < 0 ? reply : reply.slice(0, endMark ? end + 1 : end);
}

function commonLength(chats: readonly PreparedChat[]): number {
  const [first] = chats;
  let length = 0;
  while (length < first!.ids.length && chats.every(({ ids }) => ids[length] === first!.ids[length])) length++;
  return length;
}

/** Tokens `from` to `to` of a chat with their positions. */
function partOf(chat: PreparedChat, from: number, to: number): PreparedChat {
  const { ids, positions } = chat;
  return { ...chat, ids: ids.slice(from, to), positions: positions?.narrow(2, from, to - from) ?? null };
}

function tokenLosses(vlm: Vlm, chat: PreparedChat, own: readonly number[], past: number, cache: KVCache): number[] {
  const last = own.at(-1)!;
  const { logits } = vlm.forward(partOf(chat, past, last), { cache, logits: own.map((i) => i - 1 - past) });
  const targets = tensor(
    own.map((i) => chat.ids[i]!),
    { dtype: 'int64', device: logits.device },
  );
  const each = logits.select(0, 0).to('float32').logSoftmax(-1).gather(1, targets.unsqueeze(1));
  return Array.from(each.neg().flatten().toArray(), Number);
}
