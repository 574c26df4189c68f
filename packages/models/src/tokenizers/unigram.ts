import { PieceTrie } from './piece-trie.js';
import type { UnigramVocabulary } from './unigram-vocabulary.js';

/** An unknown character costs this much more than the least likely piece. */
const UNK_PENALTY = 10;

/** A piece [start, end) of the normalised text. */
export interface UnigramPiece {
  id: number;
  start: number;
  end: number;
}

/**
 * The most likely segmentation of a normalised text [source: google/sentencepiece src/unigram_model.cc
 * `Model::EncodeOptimized`]. Sums are rounded to float32 and ties go to the earlier start, as there, since near-ties
 * do occur. Neighbouring unknown characters become one piece.
 */
export class Unigram {
  readonly #trie: PieceTrie;
  readonly #scores: readonly number[];
  readonly #unkId: number;
  readonly #unkScore: number;

  constructor(vocabulary: UnigramVocabulary) {
    this.#trie = new PieceTrie(vocabulary.pieces.reduce((units, piece) => units + piece.length, 0));
    let lowest = Number.POSITIVE_INFINITY;
    vocabulary.pieces.forEach((piece, id) => {
      if (!vocabulary.normal[id]) return;
      this.#trie.add(piece, id);
      lowest = Math.min(lowest, vocabulary.scores[id]!);
    });
    this.#scores = vocabulary.scores;
    this.#unkId = vocabulary.unkId;
    this.#unkScore = Math.fround((lowest === Number.POSITIVE_INFINITY ? 0 : lowest) - UNK_PENALTY);
  }

  segment(text: string): UnigramPiece[] {
    const trie = this.#trie;
    const n = text.length;
    // For each end: the best score, and the last piece of the best path to it.
    const best = new Float64Array(n + 1);
    const from = new Int32Array(n + 1).fill(-1);
    const lastId = new Int32Array(n + 1);
    const offer = (start: number, end: number, id: number, score: number) => {
      const total = Math.fround(best[start]! + score);
      if (from[end] !== -1 && total <= best[end]!) return;
      best[end] = total;
      from[end] = start;
      lastId[end] = id;
    };
    for (let start = 0; start < n; ) {
      const first = text.codePointAt(start)! > 0xffff ? 2 : 1;
      let single = false;
      let node = PieceTrie.ROOT;
      for (let end = start; end < n; ) {
        node = trie.step(node, text.charCodeAt(end));
        if (node < 0) break;
        end++;
        const id = trie.id(node);
        if (id < 0) continue;
        offer(start, end, id, this.#scores[id]!);
        if (end - start === first) single = true;
      }
      if (!single) offer(start, start + first, this.#unkId, this.#unkScore);
      start += first;
    }
    const pieces: UnigramPiece[] = [];
    for (let end = n; end > 0; end = from[end]!) {
      const next = pieces.at(-1);
      const id = lastId[end]!;
      if (id === this.#unkId && next?.id === id) next.start = from[end]!;
      else pieces.push({ id, start: from[end]!, end });
    }
    return pieces.reverse();
  }
}
