import { noGrad, scope } from '@motion-enhancer/libtorch';
import type { GenerateOptions } from '@motion-enhancer/models';
import type { PreparedChat } from '../types.js';
import type { TokenOptions } from './generation-options.js';

type OnToken = TokenOptions['onToken'];

/**
 * Entries of the attention mask of a padded batch, sequences × tokens²: at 16 bits about 4.5 GiB with its float copy.
 * Sequences about one medium count once: what they share is computed once, without a mask.
 */
const MAX_ENTRIES = 1.5e9;

/** Is it one chat that ends by itself: what the models' own loop takes, which is the fastest? */
function isPlain([chat, ...more]: readonly PreparedChat[], o: TokenOptions): boolean {
  const chunked = o.prefillChunk !== undefined && chat!.ids.length > o.prefillChunk;
  return more.length === 0 && !o.cache && !o.mayEnd && !chunked;
}

/** A family's loops: what they take of a chat, for one sequence, for several. */
export interface GenerationLoops<Input> {
  inputOf(chat: PreparedChat): Input;
  one(input: Input, options: GenerateOptions): number[];
  batch(inputs: Input[], options: TokenOptions): number[][];
}

/** New tokens of each chat, by the loop of one sequence where that does, else in batches. */
export function generateGroups<Input>(
  chats: readonly PreparedChat[],
  options: TokenOptions,
  { inputOf, one, batch }: GenerationLoops<Input>,
): number[][] {
  const run = (group: readonly PreparedChat[], onToken: OnToken) => {
    const inputs = group.map((chat) => inputOf(chat));
    if (!isPlain(group, options)) return batch(inputs, { ...options, ...(onToken ? { onToken } : {}) });
    return [one(inputs[0]!, { ...options, onToken: (id) => void onToken?.(id, 0) })];
  };
  return inGroups(chats, run, options.onToken);
}

/**
 * Runs chats in as few batches as memory allows; a chat that is alone needs no padding and no mask.
 * @param run new tokens of each chat of a group
 */
export function inGroups(
  chats: readonly PreparedChat[],
  run: (group: readonly PreparedChat[], onToken: OnToken) => number[][],
  onToken: OnToken,
): number[][] {
  const replies: number[][] = [];
  for (let from = 0; from < chats.length; ) {
    const group = chats.slice(from, from + sizeOf(chats, from));
    const first = from;
    // Each group's embeddings go before the next group's come.
    replies.push(...noGrad(() => scope(() => run(group, onToken && ((id, index) => onToken(id, first + index))))));
    from += group.length;
  }
  return replies;
}

function sizeOf(chats: readonly PreparedChat[], from: number): number {
  let longest = 0;
  const media = new Set<unknown>();
  for (let count = 0; from + count < chats.length; count++) {
    const { ids, visual } = chats[from + count]!;
    longest = Math.max(longest, ids.length);
    media.add(visual ?? count);
    if (count > 0 && media.size * longest ** 2 > MAX_ENTRIES) return count;
  }
  return chats.length - from;
}
