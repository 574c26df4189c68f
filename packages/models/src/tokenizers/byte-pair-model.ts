import { BYTE_CHARS } from './byte-alphabet.js';
import type { BytePairVocabulary } from './byte-pair-vocabulary.js';
import { mergePairs } from './merge-pairs.js';
import { PairTable } from './pair-table.js';

const CACHED_WORDS = 20_000;
const CACHED_LENGTH = 64;

/** Byte-level BPE of one pre-token (a "word"). */
export class BytePairModel {
  readonly #byteIds: Int32Array;
  readonly #ranks: PairTable;
  readonly #merged: Int32Array; // id by rank
  readonly #cache = new Map<string, readonly number[]>();

  /**
   * @param known tokens that need no merge (added tokens)
   * @throws RangeError if a byte or a merge is not in the vocabulary, or if a token cannot be merged to.
   */
  constructor({ ids, lefts, rights }: BytePairVocabulary, known: ReadonlySet<string>) {
    this.#byteIds = Int32Array.from(BYTE_CHARS, (char, byte) => {
      const id = ids.get(char);
      if (id === undefined) throw new RangeError(`the token of byte ${byte} is missing`);
      return id;
    });
    const tokens: string[] = [];
    for (const [token, id] of ids) tokens[id] = token;
    const reached = new Uint8Array(tokens.length);
    this.#ranks = new PairTable(lefts.length);
    this.#merged = new Int32Array(lefts.length);
    let merged: number | undefined = -1;
    for (let rank = 0; rank < lefts.length; rank++) {
      const left = lefts[rank]!;
      const right = rights[rank]!;
      // Merges mostly stand in the order of the ids, so the next id is likely the one: no string to build and to hash.
      merged = isJoined(tokens[merged + 1], left, right) ? merged + 1 : ids.get(left + right);
      const leftId = ids.get(left);
      const rightId = ids.get(right);
      if (leftId === undefined || rightId === undefined || merged === undefined) {
        throw new RangeError(`merge ${rank + 1}, "${left} ${right}", is not of this vocabulary`);
      }
      this.#ranks.set(leftId, rightId, rank);
      this.#merged[rank] = merged;
      reached[merged] = 1;
    }
    for (const [id, token] of tokens.entries()) {
      // A file cut off at a line's end shows only here. Tokens like <|endoftext|> are never merged to.
      if (token === undefined || token.length === 1 || reached[id] === 1) continue;
      if (known.has(token) || /^<.*>$/.test(token)) continue;
      throw new RangeError(`no merge makes the token "${token}": of ${lefts.length} merges some are missing`);
    }
  }

  encode(word: string): readonly number[] {
    const cached = this.#cache.get(word);
    if (cached !== undefined) return cached;
    const ids = mergePairs(
      Int32Array.from(Buffer.from(word, 'utf8'), (byte) => this.#byteIds[byte]!),
      this.#ranks,
      this.#merged,
    );
    if (word.length <= CACHED_LENGTH) {
      if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
      this.#cache.set(word, ids);
    }
    return ids;
  }
}

function isJoined(token: string | undefined, left: string, right: string): boolean {
  return token?.length === left.length + right.length && token.startsWith(left) && token.endsWith(right);
}
