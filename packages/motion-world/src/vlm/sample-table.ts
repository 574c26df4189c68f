import { keep, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { IGNORE_INDEX, type Tokenizer } from '@motion-enhancer/models';
import { type ClipLayout, int64Rows, largest } from './layout.js';
import type { WorldSample } from './samples.js';

/** Chats on the device, filled up to one length. Free it with `dispose()`. */
export interface SampleTable {
  readonly samples: readonly WorldSample[];
  /** int64 [samples]: rows of the clip table. */
  clip_N: Tensor;
  /** int64 [samples, length] */
  ids_NL: Tensor;
  /** int64 [samples, K]: places whose logits are learned from, and what stands after them (−100: nothing). */
  logitPositions_NK: Tensor;
  targets_NK: Tensor;
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
  const laid = samples.map(({ turns }) => layout.of(turns));
  const longest = largest(
    laid.map(({ ids }) => ids.length),
    length,
  );
  // Whole tiles of 8 suit the tensor cores.
  const L = Math.ceil(longest / 8) * 8;
  const K = largest(laid.map(({ logitPositions }) => logitPositions.length));
  const tensors = noGrad(() =>
    scope(() => {
      const rows = (of: (n: number) => readonly number[], width: number, filler: number) =>
        int64Rows(samples.length, of, width, filler, device);
      return {
        clip_N: rows((n) => [samples[n]!.clip], 1, 0).view(-1),
        ids_NL: rows((n) => laid[n]!.ids, L, tokenizer.padId),
        logitPositions_NK: rows((n) => laid[n]!.logitPositions, K, 0),
        targets_NK: rows((n) => laid[n]!.logitPositions.map((i) => laid[n]!.ids[i + 1]!), K, IGNORE_INDEX),
        positions: layout.positions(L, device),
      };
    }),
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
