import { UserError } from '@motion-enhancer/support';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { ChatSegment } from './chat-template.js';

export interface TokenizedChat {
  ids: number[];
  /** The token to predict at each place: of replies with their end mark (and newline, by the model); −100 elsewhere. */
  labels: number[];
  /** The chat text; one token stands for each image, video or frame. */
  text: string;
  /** [start, end) of each token in `text`; all tokens of a medium have its one's. */
  tokenSpans: [number, number][];
  /** True for control tokens and media. */
  special: boolean[];
  /** [start, end) of each medium's tokens. */
  visualSpans: [number, number][];
}

export interface SegmentOptions {
  vocabSize: number;
  /** The tokens that stand for media. */
  mediaIds: readonly number[];
  /** Visual tokens of each medium, in order. */
  counts: readonly number[];
  /** Is the newline after a reply's end mark learned? */
  learnNewline: boolean;
}

/** Of places that are not learned, as in PyTorch's cross entropy. */
export const IGNORE_INDEX = -100;

/**
 * Tokenizes the segments of a chat, each by itself, so that a prompt has the same tokens with and without its reply; and
 * expands the tokens that stand for media.
 * @throws UserError ERR_MEDIA when media and their tokens differ in number; ERR_TOKENIZER when the tokenizer is another
 *   model's
 */
export function tokenizeSegments(
  tokenizer: Tokenizer,
  segments: readonly ChatSegment[],
  { vocabSize, mediaIds, counts, learnNewline }: SegmentOptions,
): TokenizedChat {
  const chat: TokenizedChat = { ids: [], labels: [], text: '', tokenSpans: [], special: [], visualSpans: [] };
  let media = 0;
  for (const segment of segments) {
    const base = chat.text.length;
    chat.text += segment.text;
    const { ids, spans, special } = tokenizer.encode(segment.text);
    for (const [i, id] of ids.entries()) {
      if (id >= vocabSize) throw foreign(tokenizer, id, vocabSize);
      const visual = mediaIds.includes(id);
      const times = visual ? (counts[media++] ?? 0) : 1; // too many are counted, and reported below
      if (visual && times > 0) chat.visualSpans.push([chat.ids.length, chat.ids.length + times]);
      for (let k = 0; k < times; k++) {
        chat.ids.push(id);
        chat.labels.push(segment.reply && !visual ? id : IGNORE_INDEX);
        chat.tokenSpans.push([base + spans[i]![0], base + spans[i]![1]]);
        chat.special.push(special[i]!);
      }
    }
    // A reply ends with its end mark, which is a token, and a newline.
    if (segment.reply && !learnNewline) chat.labels[chat.labels.length - 1] = IGNORE_INDEX;
  }
  if (media !== counts.length)
    throw new UserError(
      `Expected ${counts.length} images and videos in the chat but received ${media} places for them. Put one image or video part into a message per file, and no pad tokens into the text.`,
      { code: 'ERR_MEDIA' },
    );
  return chat;
}

/** The added token of an id, such as an image's. @throws UserError ERR_TOKENIZER */
export function addedToken(tokenizer: Tokenizer, id: number, field: string): string {
  const token = tokenizer.addedTokens.find((added) => added.id === id);
  if (token) return token.content;
  throw new UserError(
    `Expected one of the tokenizer's added tokens for ${field} but received ${id}. The tokenizer and config.json do not belong together: take both from one checkpoint.`,
    { code: 'ERR_TOKENIZER' },
  );
}

function foreign(tokenizer: Tokenizer, id: number, vocabSize: number): UserError {
  return new UserError(
    `Expected token ids below ${vocabSize} (vocab_size) but the tokenizer gave ${id} (${JSON.stringify(tokenizer.idToToken(id))}). Take tokenizer and weights from one checkpoint.`,
    { code: 'ERR_TOKENIZER' },
  );
}
