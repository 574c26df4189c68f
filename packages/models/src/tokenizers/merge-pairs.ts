import type { PairTable } from './pair-table.js';

/**
 * Byte-pair merging: always the pair of lowest rank, the leftmost of equals. Linked list and heap, so n symbols take
 * O(n log n). `symbols` is used as scratch space.
 * @param ranks rank of each pair of ids
 * @param merged the id that a pair becomes, by its rank
 */
export function mergePairs(symbols: Int32Array, ranks: PairTable, merged: Int32Array): number[] {
  const n = symbols.length;
  const next = new Int32Array(n);
  const previous = new Int32Array(n);
  const heap = new MinHeap();
  // rank * n + position orders by rank, then by position (below 2^53 for any text that fits in memory).
  const offer = (left: number) => {
    const right = next[left]!;
    if (right >= n) return;
    const rank = ranks.get(symbols[left]!, symbols[right]!);
    if (rank >= 0) heap.push(rank * n + left);
  };
  for (let i = 0; i < n; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (let i = 0; i + 1 < n; i++) offer(i);
  while (heap.size > 0) {
    const key = heap.pop();
    const left = key % n;
    const right = next[left]!;
    // Stale entries: the pair at this place was merged away or is another pair by now.
    if (symbols[left] === -1 || right >= n) continue;
    const rank = Math.floor(key / n);
    if (ranks.get(symbols[left]!, symbols[right]!) !== rank) continue;
    symbols[left] = merged[rank]!;
    symbols[right] = -1;
    next[left] = next[right]!;
    if (next[left] < n) previous[next[left]] = left;
    if (previous[left]! >= 0) offer(previous[left]!);
    offer(left);
  }
  const ids: number[] = [];
  for (let i = 0; i < n; i = next[i]!) ids.push(symbols[i]!);
  return ids;
}

class MinHeap {
  readonly #keys: number[] = [];

  get size(): number {
    return this.#keys.length;
  }

  push(key: number): void {
    const keys = this.#keys;
    let at = keys.push(key) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      at = parent;
    }
    keys[at] = key;
  }

  pop(): number {
    const keys = this.#keys;
    const top = keys[0]!;
    const key = keys.pop()!;
    const n = keys.length;
    if (n === 0) return top;
    let at = 0;
    for (let child = 1; child < n; child = 2 * at + 1) {
      if (child + 1 < n && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= key) break;
      keys[at] = keys[child]!;
      at = child;
    }
    keys[at] = key;
    return top;
  }
}
