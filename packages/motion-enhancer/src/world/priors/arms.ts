import { tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { HeadMaps } from '../../prior/capture.js';
import { type Selection, select } from '../../prior/select.js';
import type { BatchMaps, Stream } from './batch-maps.js';

/** One way of making a prior out of the same diffusion pass. */
export interface Arm {
  name: string;
  stream: Stream;
  /** Five, or the last two. */
  steps: 'all' | 'last';
  pick: 'all' | 'mhs' | 'anti-mhs' | 'focus';
}

const arm = (pick: Arm['pick'], stream: Stream, steps: Arm['steps']): Arm => ({
  name: `${pick}-${stream.toLowerCase()}-${steps}`,
  stream,
  steps,
  pick,
});

/** `mhs-x-all` is the paper's form: the reconstruction, all five steps, half of the head indices by MHS. */
export const ARMS: readonly Arm[] = (['x', 'R'] as const).flatMap((stream) =>
  (['all', 'last'] as const).flatMap((steps) =>
    (['all', 'mhs', 'anti-mhs', 'focus'] as const).map((pick) => arm(pick, stream, steps)),
  ),
);

/** How many (layer, head) units `focus` keeps. */
export const FOCUS_UNITS = 4;

/** The prior of one clip; its tensors are the caller's scope's. */
export function selectArm(
  batch: BatchMaps,
  clip: number,
  { stream, steps, pick }: Arm,
  words: readonly Word[],
  headRatio = 0.5,
): Selection {
  const wordRatio = 0.5;
  if (pick === 'focus') {
    const maps = batch.maps(clip, stream, steps, 'layer-head');
    return select(maps, words, { headRatio, wordRatio, selection: 'focus', headCount: FOCUS_UNITS });
  }
  const maps = batch.maps(clip, stream, steps, 'head');
  const selection = select(maps, words, { headRatio: pick === 'all' ? 1 : headRatio, wordRatio });
  return pick === 'anti-mhs' ? selectOthers(maps, words, selection, wordRatio) : selection;
}

/** The heads that a selection left out. */
function selectOthers(maps: HeadMaps, words: readonly Word[], { heads }: Selection, wordRatio: number): Selection {
  const left = [...heads.keys()].filter((h) => !heads[h]!.kept);
  const only = (rows: HeadMaps['total_H']) =>
    rows.indexSelect(0, tensor(left, { dtype: 'int64', device: rows.device }));
  return select(
    {
      grid: maps.grid,
      textToVideo_HTS: only(maps.textToVideo_HTS),
      sameLocation_HPFF: only(maps.sameLocation_HPFF),
      total_H: only(maps.total_H),
      squares_H: only(maps.squares_H),
    },
    words,
    { headRatio: 1, wordRatio },
  );
}
