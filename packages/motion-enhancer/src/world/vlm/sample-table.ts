import { keep, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { IGNORE_INDEX, type Tokenizer } from '@motion-enhancer/models';
import { type ClipLayout, int64Rows } from './layout.js';
import { LETTERS, type WorldSample } from './samples.js';

/** Chats on the device, filled up to one length. Free it with `dispose()`. */
export interface SampleTable {
  readonly samples: readonly WorldSample[];
  /** int64 [samples]: rows of the clip table. */
  clip_N: Tensor;
  /** int64 [samples, length] */
  ids_NL: Tensor;
  /** int64 [samples, K]: places whose logits are learned from, and what stands after them (−100: nothing). */
  asked_NK: Tensor;
  targets_NK: Tensor;
  /** int64 [samples]: where the reply begins, less one. */
  start_N: Tensor;
  /** int64 [3, 1, length] */
  positions: Tensor;
  length: number;
  dispose(): void;
}

/** @param length at least; the longest sample's by default */
export function sampleTable(
  samples: readonly WorldSample[],
  layout: ClipLayout,
  tokenizer: Tokenizer,
  device: string,
  length = 0,
): SampleTable {
  const laid = samples.map((sample) => layout.of(sample));
  const longest = Math.max(length, ...laid.map(({ ids }) => ids.length));
  // Whole tiles of 8 suit the tensor cores.
  const L = Math.ceil(longest / 8) * 8;
  const asked = laid.map(({ labels }) => labels.flatMap((label, i) => (label === IGNORE_INDEX ? [] : [i - 1])));
  const K = Math.max(...asked.map((places) => places.length));
  const tensors = noGrad(() =>
    scope(() => ({
      clip_N: int64Rows(
        samples.map(({ clip }) => [clip]),
        1,
        0,
        device,
      ).view(-1),
      ids_NL: int64Rows(
        laid.map(({ ids }) => ids),
        L,
        tokenizer.padId,
        device,
      ),
      asked_NK: int64Rows(asked, K, 0, device),
      targets_NK: int64Rows(
        asked.map((places, n) => places.map((i) => laid[n]!.labels[i + 1]!)),
        K,
        IGNORE_INDEX,
        device,
      ),
      start_N: int64Rows(
        asked.map(([first]) => [first!]),
        1,
        0,
        device,
      ).view(-1),
      positions: layout.positions(L, device),
    })),
  );
  keep(tensors);
  return {
    samples,
    ...tensors,
    length: L,
    dispose() {
      for (const t of Object.values(tensors)) t.dispose();
    },
  };
}

/** Ids of the letters as replies begin with them: int64 [4]. */
export function letterIds(tokenizer: Tokenizer, device: string): Tensor {
  const ids = LETTERS.map((letter) => tokenizer.encode(letter).ids[0]!);
  return tensor(ids, { dtype: 'int64', device });
}
