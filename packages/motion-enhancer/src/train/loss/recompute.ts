import type { Checkpoints } from '@motion-enhancer/libtorch';

/** Whose blocks are computed again in the backward pass: of tower and decoder, of one of them, or none. */
export type Recompute = 'blocks' | 'vision' | 'llm' | 'none';

/** The checkpoints that the blocks of each part run through. */
export function checkpointsOf(
  recompute: Recompute,
  checkpoints: Checkpoints | null,
): { tower: Checkpoints | null; decoder: Checkpoints | null } {
  return {
    tower: recompute === 'blocks' || recompute === 'vision' ? checkpoints : null,
    decoder: recompute === 'blocks' || recompute === 'llm' ? checkpoints : null,
  };
}
