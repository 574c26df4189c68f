import { stack, type Tensor, tensor } from '@motion-enhancer/libtorch';

/**
 * A_VLM: from attention rows of single tokens to rows of words over the visual tokens (method.md 5.1).
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
  return stack(
    words.map((tokens) => {
      const index = tensor(
        tokens.map((t) => rowOf.get(t)!),
        { dtype: 'int64', device: rows_RN.device },
      );
      return columns.indexSelect(0, index).mean(0);
    }),
  );
}

/** The distinct token positions of some words, ascending: the query rows to ask the model for. */
export function rowsOfWords(words: readonly (readonly number[])[]): number[] {
  return [...new Set(words.flat())].sort((a, b) => a - b);
}
