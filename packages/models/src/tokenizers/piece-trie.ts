import { PairTable } from './pair-table.js';

/** A trie over UTF-16 units; `step` walks it, `id` tells the piece that ends at a node. */
export class PieceTrie {
  readonly #children: PairTable;
  readonly #ids: number[] = [-1];

  static readonly ROOT = 0;

  /** `units`: at most this many UTF-16 units will be added in all. */
  constructor(units: number) {
    this.#children = new PairTable(units);
  }

  /** The first of two equal pieces wins. */
  add(piece: string, id: number): void {
    let node = PieceTrie.ROOT;
    for (let i = 0; i < piece.length; i++) {
      const unit = piece.charCodeAt(i);
      let child = this.#children.get(node, unit);
      if (child < 0) {
        child = this.#ids.push(-1) - 1;
        this.#children.set(node, unit, child);
      }
      node = child;
    }
    if (this.#ids[node] === -1) this.#ids[node] = id;
  }

  /** The child of `node` along a UTF-16 unit, or -1. */
  step(node: number, unit: number): number {
    return this.#children.get(node, unit);
  }

  /** Id of the piece that ends at `node`, or -1. */
  id(node: number): number {
    return this.#ids[node]!;
  }
}
