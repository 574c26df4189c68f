/** A trie over UTF-16 units; `step` walks it, `id` tells the piece that ends at a node. */
export class PieceTrie {
  readonly #children = new Map<number, number>();
  readonly #letters = new Map<number, number>();
  readonly #ids: number[] = [-1];

  static readonly ROOT = 0;

  add(piece: string, id: number): void {
    let node = PieceTrie.ROOT;
    for (let i = 0; i < piece.length; i++) {
      const unit = piece.charCodeAt(i);
      let letter = this.#letters.get(unit);
      if (letter === undefined) {
        letter = this.#letters.size;
        this.#letters.set(unit, letter);
      }
      const key = node * 0x10000 + letter;
      let child = this.#children.get(key);
      if (child === undefined) {
        child = this.#ids.push(-1) - 1;
        this.#children.set(key, child);
      }
      node = child;
    }
    // The first of two equal pieces wins.
    if (this.#ids[node] === -1) this.#ids[node] = id;
  }

  /** The child of `node` along a UTF-16 unit, or -1. */
  step(node: number, unit: number): number {
    const letter = this.#letters.get(unit);
    return letter === undefined ? -1 : (this.#children.get(node * 0x10000 + letter) ?? -1);
  }

  /** Id of the piece that ends at `node`, or -1. */
  id(node: number): number {
    return this.#ids[node]!;
  }
}
