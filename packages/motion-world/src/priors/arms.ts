import type { HeadMaps } from '@motion-enhancer/core/internal/prior/capture/head-maps.js';
import { changeOfHeads } from '@motion-enhancer/core/internal/prior/selection/change.js';
import { topIndices } from '@motion-enhancer/core/internal/prior/selection/heads.js';
import { type Selection, select } from '@motion-enhancer/core/internal/prior/selection/select.js';
import { scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { BatchMaps, MapStream } from './batch-maps.js';

/** One way of making a prior out of the same diffusion pass. */
export interface Arm {
  name: string;
  stream: MapStream;
  /** Five, or the last two. */
  steps: 'all' | 'last';
  /**
   * (layer, head) pairs: `focus`, the clip's most focused; `change`, those whose words' maps change most from frame to
   * frame; `fixed`, those that change most over other clips.
   */
  pick: 'all' | 'mhs' | 'anti-mhs' | 'focus' | 'change' | 'fixed';
}

const arm = (pick: Arm['pick'], stream: MapStream, steps: Arm['steps']): Arm => ({
  name: `${pick}-${stream.toLowerCase()}-${steps}`,
  stream,
  steps,
  pick,
});

/** `mhs-x-all` is the paper's form: the reconstruction, all five steps, half of the head indices by MHS. */
export const ARMS: readonly Arm[] = (['x', 'R'] as const).flatMap((stream) =>
  (['all', 'last'] as const).flatMap((steps) =>
    (['all', 'mhs', 'anti-mhs', 'focus', 'change', 'fixed'] as const).map((pick) => arm(pick, stream, steps)),
  ),
);

/** How many (layer, head) pairs are kept. */
export const KEPT_HEADS = 4;

export interface ArmOptions {
  headRatio?: number;
  wordRatio?: number;
  /** (layer, head) pairs of `fixed` arms. */
  fixedHeads?: FixedHeads;
}

/** The prior of one clip; its tensors are the caller's scope's. */
export function selectArm(
  batch: Pick<BatchMaps, 'maps'>,
  clip: number,
  { stream, steps, pick }: Arm,
  words: readonly Word[],
  { headRatio = 0.5, wordRatio = 0.5, fixedHeads }: ArmOptions = {},
): Selection {
  if (pick === 'fixed') {
    const chosen = fixedHeads?.get(`${stream}-${steps}`);
    if (!chosen) throw new Error(`No heads were chosen for ${stream}-${steps}.`);
    const maps = batch.maps(clip, stream, steps, 'layer-head');
    return select(only(maps, chosen), words, { headRatio: 1, wordRatio });
  }
  if (pick === 'focus' || pick === 'change') {
    const maps = batch.maps(clip, stream, steps, 'layer-head');
    return select(maps, words, { headRatio, wordRatio, selection: pick, headCount: KEPT_HEADS });
  }
  const maps = batch.maps(clip, stream, steps, 'head');
  const selection = select(maps, words, { headRatio: pick === 'all' ? 1 : headRatio, wordRatio });
  return pick === 'anti-mhs' ? selectOthers(maps, words, selection, wordRatio) : selection;
}

/** The heads that a selection left out. */
function selectOthers(maps: HeadMaps, words: readonly Word[], { heads }: Selection, wordRatio: number): Selection {
  const left = [...heads.keys()].filter((h) => !heads[h]!.kept);
  return select(only(maps, left), words, { headRatio: 1, wordRatio });
}

/** The maps of some heads. */
function only(maps: HeadMaps, heads: readonly number[]): HeadMaps {
  const index = tensor([...heads], { dtype: 'int64', device: maps.total_H.device });
  const of = (rows: Tensor) => rows.indexSelect(0, index);
  return {
    grid: maps.grid,
    textToVideo_HTS: of(maps.textToVideo_HTS),
    sameLocation_HPFF: of(maps.sameLocation_HPFF),
    total_H: of(maps.total_H),
    squares_H: of(maps.squares_H),
  };
}

/** (layer, head) pairs, as layer · heads + head, by `${stream}-${steps}`. */
export type FixedHeads = ReadonlyMap<string, readonly number[]>;

const COMBINATIONS = (['x', 'R'] as const).flatMap((stream) =>
  (['all', 'last'] as const).map((steps) => ({ stream, steps })),
);

/** Adds how much every head's maps change in a clip to `sums`, by `${stream}-${steps}`. */
export function addChange(batch: BatchMaps, clip: number, words: readonly Word[], sums: Map<string, number[]>): void {
  for (const { stream, steps } of COMBINATIONS) {
    const change = scope(() => changeOfHeads(batch.maps(clip, stream, steps, 'layer-head'), words));
    const key = `${stream}-${steps}`;
    const before = sums.get(key);
    sums.set(
      key,
      change.map((value, i) => value + (before?.[i] ?? 0)),
    );
  }
}

/** The heads whose maps change most, of each stream and range of steps: chosen without looking at where anything is. */
export const mostChanging = (sums: ReadonlyMap<string, number[]>): FixedHeads =>
  new Map([...sums].map(([key, change]) => [key, topIndices(change, KEPT_HEADS / change.length)]));
