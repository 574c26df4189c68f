import { aten, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';

/** Steps whose tokens wait on the device until they are read. */
export const HISTORY = 64;

/** Where the replies of a batch stand. All of it lies on the device, so that a step needs nothing from the host. */
export interface DecodeState {
  /** int32 [B]: the tokens that the next step takes. */
  ids: Tensor;
  /** int32 [1]: tokens in the cache, padding included; the next one's key goes there. */
  length: Tensor;
  /** int32 [1]: steps done. */
  steps: Tensor;
  /** int32 [B]: padding on the left of each sequence. */
  first: Tensor;
  /** int32 [B]: rotary position of a token minus its place in the cache. */
  shift: Tensor;
  /** uint8 [B, V]: 1 for tokens of prompt and reply; null without a penalty on them. */
  seen: Tensor | null;
  /** int32 [HISTORY, B]: the tokens of the last steps. */
  history: Tensor;
  vocabulary: number;
}

export interface DecodeStart {
  /** First new token of each sequence, whose key is not in the cache. */
  ids: readonly number[];
  /** All tokens of each sequence so far, with those. */
  seen: readonly (readonly number[])[];
  /** Tokens in the cache, padding included. */
  length: number;
  padding: readonly number[];
  /** Rotary position of a sequence's next token minus `length`. */
  shift: readonly number[];
}

export function decodeState(start: DecodeStart, vocabulary: number, penalised: boolean, device: string): DecodeState {
  const int32 = (values: readonly number[]) => tensor([...values], { dtype: 'int32', device });
  const B = start.ids.length;
  return {
    ids: int32(start.ids),
    length: int32([start.length]),
    steps: int32([0]),
    first: int32(start.padding),
    shift: int32(start.shift),
    seen: penalised ? seenOf(start.seen, vocabulary, device) : null,
    history: zeros([HISTORY, B], { dtype: 'int32', device }),
    vocabulary,
  };
}

function seenOf(sequences: readonly (readonly number[])[], vocabulary: number, device: string): Tensor {
  const seen = zeros([sequences.length, vocabulary], { dtype: 'uint8', device });
  for (const [b, ids] of sequences.entries())
    aten.index_fill_(seen.select(0, b), 0, tensor([...new Set(ids)], { dtype: 'int64', device }), 1);
  return seen;
}
