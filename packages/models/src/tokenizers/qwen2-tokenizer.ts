import { AddedTokenSplitter } from './added-token-splitter.js';
import { tokenBytes } from './byte-alphabet.js';
import { BytePairModel } from './byte-pair-model.js';
import type { BytePairVocabulary } from './byte-pair-vocabulary.js';
import { EncodingBuilder } from './encoding.js';
import { normalizeNfc } from './normalize-nfc.js';
import { preTokenizerPattern } from './pre-tokenizer-pattern.js';
import { contentOf, decodeAll } from './token-text.js';
import type { AddedToken, DecodeOptions, EncodeOptions, Encoding, TokenDecoder, Tokenizer } from './types.js';

/**
 * Qwen2's byte-level BPE: added tokens are cut out, each rest is brought to NFC, split by the pattern and merged.
 * A token that holds only some bytes of a character has the span of the whole character; the blank before a word
 * belongs to the token, as in transformers.
 */
export class Qwen2Tokenizer implements Tokenizer {
  readonly kind = 'qwen2';
  readonly vocabSize: number;
  readonly padId: number;
  readonly eosId: number;
  readonly addedTokens: readonly AddedToken[];
  readonly #nfc: boolean;
  readonly #pattern: RegExp;
  readonly #model: BytePairModel;
  readonly #splitter: AddedTokenSplitter;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #addedIds: ReadonlyMap<string, number>;
  readonly #tokens: string[] = [];
  readonly #added: Map<number, AddedToken>;

  /** @throws RangeError if vocabulary and merges do not fit. @throws SyntaxError for a pattern that JavaScript lacks. */
  constructor(
    vocabulary: BytePairVocabulary,
    addedTokens: readonly AddedToken[],
    { padId, eosId }: { padId: number; eosId: number },
  ) {
    this.padId = padId;
    this.eosId = eosId;
    this.addedTokens = addedTokens;
    this.#nfc = vocabulary.nfc;
    this.#pattern = preTokenizerPattern(vocabulary.pattern);
    this.#model = new BytePairModel(vocabulary, new Set(addedTokens.map(({ content }) => content)));
    this.#splitter = new AddedTokenSplitter(addedTokens);
    this.#added = new Map(addedTokens.map((token) => [token.id, token]));
    this.#ids = vocabulary.ids;
    this.#addedIds = new Map(addedTokens.map(({ content, id }) => [content, id]));
    for (const [token, id] of vocabulary.ids) this.#tokens[id] = token;
    for (const { content, id } of addedTokens) this.#tokens[id] = content;
    this.vocabSize = this.#tokens.length;
  }

  encode(text: string, options: EncodeOptions = {}): Encoding {
    const encoding = new EncodingBuilder();
    for (const { start, end, token } of this.#splitter.split(text)) {
      if (token === undefined) this.#encodePlain(text.slice(start, end), start, encoding);
      else encoding.push(token.id, start, end, token.special);
    }
    return encoding.finish(options, this.padId, undefined);
  }

  #encodePlain(text: string, base: number, encoding: EncodingBuilder): void {
    const aligned = this.#nfc ? normalizeNfc(text) : undefined;
    const normal = aligned?.text ?? text;
    const encodeWord = (start: number, end: number): void => {
      for (const piece of this.#piecesOf(normal, start, end))
        encoding.push(
          piece.id,
          base + (aligned?.starts[piece.first] ?? piece.first),
          base + (aligned?.ends[piece.last - 1] ?? piece.last),
        );
    };
    let from = 0;
    for (const match of normal.matchAll(this.#pattern)) {
      // What the pattern skips is a word of its own ("isolated").
      if (match.index > from) encodeWord(from, match.index);
      from = match.index + match[0].length;
      encodeWord(match.index, from);
    }
    if (from < normal.length) encodeWord(from, normal.length);
  }

  /** Tokens of one word of the normalized text, each with the characters [first, last) that its bytes touch. */
  *#piecesOf(normal: string, from: number, to: number): Generator<{ id: number; first: number; last: number }> {
    let at = from; // start of the character that holds the next byte
    let used = 0; // bytes of it that earlier tokens took
    for (const id of this.#model.encode(normal.slice(from, to))) {
      const first = at;
      let left = this.#tokens[id]!.length; // one character of the byte alphabet per byte
      let last = at;
      while (left > 0) {
        const code = normal.codePointAt(at)!;
        const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        const taken = Math.min(left, size - used);
        left -= taken;
        used += taken;
        last = at + (code < 0x10000 ? 1 : 2);
        if (used === size) {
          at = last;
          used = 0;
        }
      }
      yield { id, first, last };
    }
  }

  decode(ids: readonly number[], options?: DecodeOptions): string {
    return decodeAll(this, ids, options);
  }

  createDecoder(options: DecodeOptions = {}): TokenDecoder {
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      push: (id) => {
        const added = this.#added.get(id);
        if (added?.special && options.skipSpecialTokens) return '';
        const token = contentOf(this, id);
        const bytes = added === undefined ? tokenBytes(token) : undefined;
        return utf8.decode(bytes ?? Buffer.from(token, 'utf8'), { stream: true });
      },
      end: () => utf8.decode(),
    };
  }

  tokenToId(token: string): number | undefined {
    return this.#addedIds.get(token) ?? this.#ids.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.#tokens[id];
  }
}
