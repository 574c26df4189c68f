import { UserError } from '@motion-enhancer/libtorch';
import { type GenerationOptions, type PreparedChat, replies, type Vlm } from '../../vlm/index.js';

export interface Reply {
  text: string;
  tokens: number;
}

/** Replies to a batch; where memory does not suffice, to its halves. A chat that is too long gets its error. */
export function askBatch(vlm: Vlm, chats: readonly PreparedChat[], options: GenerationOptions): (Reply | UserError)[] {
  try {
    return replies(vlm, chats, options).map(({ text, ids }) => ({ text, tokens: ids.length }));
  } catch (error) {
    const memory = (error as Error).name === 'OutOfMemoryError';
    if (chats.length > 1 && (memory || error instanceof UserError)) {
      const half = Math.ceil(chats.length / 2);
      return [...askBatch(vlm, chats.slice(0, half), options), ...askBatch(vlm, chats.slice(half), options)];
    }
    if (memory)
      return [
        new UserError(
          `Its ${chats[0]!.ids.length} tokens do not fit into memory. Lower fps, max-frames or max-pixels, or give --prefill-chunk.`,
          { code: 'ERR_MEMORY' },
        ),
      ];
    if (error instanceof UserError && (error.code === 'ERR_CONTEXT' || error.code === 'ERR_MEDIA')) return [error];
    throw error;
  }
}
