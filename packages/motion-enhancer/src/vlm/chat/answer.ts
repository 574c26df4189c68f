import { noGrad, scope } from '@motion-enhancer/libtorch';
import type { KVCache } from '@motion-enhancer/models';
import { type GenerationOptions, tokenOptions } from '../generate/generation-options.js';
import type { PreparedChat, Vlm } from '../types.js';
import { StopText } from './stop-text.js';

/** The model's answer to a chat that ends where its reply begins. @throws UserError ERR_VALUE, ERR_CONTEXT */
export function answer(vlm: Vlm, chat: PreparedChat, options: GenerationOptions = {}): string {
  return answers(vlm, [chat], options)[0]!;
}

/**
 * Answers to several chats in one batch. Reply i is what `answer` gives for chat i alone, rounding aside.
 * @throws UserError ERR_VALUE, ERR_CONTEXT
 */
export function answers(vlm: Vlm, chats: readonly PreparedChat[], options: GenerationOptions = {}): string[] {
  return replies(vlm, chats, options).map(({ text }) => text);
}

/** The same with the tokens, the end token among them. @param cache see `TokenOptions` */
export function replies(
  vlm: Vlm,
  chats: readonly PreparedChat[],
  options: GenerationOptions,
  cache?: KVCache,
): { text: string; ids: number[] }[] {
  const texts = chats.map(() => '');
  const stop = options.stop ?? vlm.generation.stop;
  const replies = chats.map((_, index) => ({
    decoder: vlm.tokenizer.createDecoder({ skipSpecialTokens: true }),
    text: new StopText(stop, (piece) => {
      texts[index] += piece;
      options.onText?.(piece, index);
    }),
  }));
  const given = tokenOptions(options, vlm.generation, Math.max(0, ...chats.map(({ ids }) => ids.length)));
  const ids = noGrad(() =>
    scope(() =>
      vlm.generate(chats, {
        ...given,
        ...(cache ? { cache } : {}),
        mayEnd: stop.length > 0,
        onToken: (id, index) => replies[index]!.text.push(replies[index]!.decoder.push(id)),
      }),
    ),
  );
  for (const { decoder, text } of replies) {
    text.push(decoder.end());
    text.end();
  }
  return texts.map((text, index) => ({ text, ids: ids[index]! }));
}
