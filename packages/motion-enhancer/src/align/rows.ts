import { type Tensor, tensor } from '@motion-enhancer/libtorch';

/**
 * A_VLM: from attention rows of single tokens to rows of words over the visual tokens (docs/method.md 5.1).
 * @param rows_RN rows of `positions`, mean over layers and heads: [R, N]
 * @param words token positions of each word, all of them in `positions`
 * @param visual [start, end) of the visual tokens in the sequence
 * @returns [words, end − start]; differentiable
 */
export function wordAttention(
  rows_RN: Tensor,
  positions: readonly number[],
  words: readonly (readonly number[])[],
  visual: readonly [number, number],
): Tensor {
  const rowOf = new Map(positions.map((position, row) => [position, row]));
  const columns = rows_RN.narrow(1, visual[0], visual[1] - visual[0]);
  // One product, and one copy to the device, for all words.
  const share = words.flatMap((tokens) => {
    const row = new Array<number>(positions.length).fill(0);
    for (const t of tokens) row[rowOf.get(t)!]! += 1 / tokens.length;
    return row;
  });
  const { dtype, device } = rows_RN;
  const share_WR = tensor(share, { shape: [words.length, positions.length], dtype, device });
  return share_WR.matmul(columns);
}

/** The distinct token positions of some words, ascending: the query rows to ask the model for. */
export function rowsOfWords(words: readonly (readonly number[])[]): number[] {
  return [...new Set(words.flat())].sort((a, b) => a - b);
}
