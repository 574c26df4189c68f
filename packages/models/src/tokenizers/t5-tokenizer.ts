import { AddedTokenSplitter } from './added-token-splitter.js';
import { Charsmap } from './charsmap.js';
import { EncodingBuilder } from './encoding.js';
import { type AlignedText, BLANK, normalizeUnigram } from './normalize-unigram.js';
import { contentOf, decodeAll } from './token-text.js';
import type { AddedToken, DecodeOptions, EncodeOptions, Encoding, TokenDecoder, Tokenizer } from './types.js';
import { Unigram } from './unigram.js';
import type { UnigramVocabulary } from './unigram-vocabulary.js';

/**
 * T5's tokenizer: added tokens are cut out, each rest is normalised and segmented by itself, `</s>` is appended.
 * Ids are sentencepiece's. Spans never include blanks; a piece that is only "▁" has the span of the character it
 * stands before (as in transformers), so that it belongs to the same word.
 */
export class T5Tokenizer implements Tokenizer {
  readonly kind = 't5';
  readonly vocabSize: number;
  readonly padId: number;
  readonly eosId: number;
  readonly unkId: number;
  readonly addedTokens: readonly AddedToken[];
  readonly #vocabulary: UnigramVocabulary;
  readonly #charsmap: Charsmap | undefined;
  readonly #unigram: Unigram;
  readonly #splitter: AddedTokenSplitter;
  readonly #added: Map<number, AddedToken>;
  readonly #ids: Map<string, number>;

  /** @throws RangeError if the vocabulary's charsmap is broken. */
  constructor(vocabulary: UnigramVocabulary, addedTokens: readonly AddedToken[]) {
    this.#vocabulary = vocabulary;
    this.addedTokens = addedTokens;
    this.padId = vocabulary.padId;
    this.eosId = vocabulary.eosId;
    this.unkId = vocabulary.unkId;
    this.#charsmap = vocabulary.charsmap.length > 0 ? new Charsmap(vocabulary.charsmap) : undefined;
    this.#unigram = new Unigram(vocabulary);
    this.#splitter = new AddedTokenSplitter(addedTokens);
    this.#added = new Map(addedTokens.map((token) => [token.id, token]));
    this.#ids = new Map(vocabulary.pieces.map((piece, id) => [piece, id]));
    for (const { content, id } of addedTokens) this.#ids.set(content, id);
    this.vocabSize = addedTokens.reduce((size, { id }) => Math.max(size, id + 1), vocabulary.pieces.length);
  }

  encode(text: string, options: EncodeOptions = {}): Encoding {
    const encoding = new EncodingBuilder();
    for (const { start, end, token } of this.#splitter.split(text)) {
      if (token !== undefined) {
        encoding.push(token.id, start, end, token.special);
        continue;
      }
      const aligned = normalizeUnigram(text.slice(start, end), start, {
        charsmap: this.#charsmap,
        addDummyPrefix: this.#vocabulary.addDummyPrefix,
        removeExtraWhitespaces: this.#vocabulary.removeExtraWhitespaces,
      });
      for (const piece of this.#unigram.segment(aligned.text)) {
        const [from, to] = spanOf(aligned, piece.start, piece.end);
        encoding.push(piece.id, from, to);
      }
    }
    return encoding.finish(options, this.padId, this.eosId);
  }

  decode(ids: readonly number[], options?: DecodeOptions): string {
    return decodeAll(this, ids, options);
  }

  createDecoder(options: DecodeOptions = {}): TokenDecoder {
    let first = true;
    return {
      push: (id) => {
        const added = this.#added.get(id);
        if (added?.special && options.skipSpecialTokens) return '';
        const piece = added?.content ?? contentOf(this, id).replaceAll(BLANK, ' ');
        const text = first && piece.startsWith(' ') ? piece.slice(1) : piece;
        first = false;
        return text;
      },
      end: () => '',
    };
  }

  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.#added.get(id)?.content ?? this.#vocabulary.pieces[id];
  }
}

/** Original span of the units [start, end) of a normalised text, blanks aside. */
function spanOf({ text, starts, ends }: AlignedText, start: number, end: number): [number, number] {
  let from = start;
  while (from < end && text[from] === BLANK) from++;
  let to = end;
  while (to > from && text[to - 1] === BLANK) to--;
  if (from < to) return [starts[from]!, ends[to - 1]!];
  while (from < text.length && text[from] === BLANK) from++;
  if (from < text.length) {
    const extraUnits = text.codePointAt(from)! > 0xffff ? 1 : 0;
    return [starts[from]!, ends[from + extraUnits]!];
  }
  return [starts[start]!, ends[end - 1]!];
}
