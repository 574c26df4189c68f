import { type Form, makeClip, type Split, type World } from '../generate/index.js';

/** Some clips of a split. */
export interface ClipRequest {
  /** Default `still-camera`. */
  world?: World;
  split: Split;
  form?: Form;
  first: number;
  count: number;
  frames: number;
  size: number;
  masks?: boolean;
}

/** Drawn clips, one after the other. */
export interface DrawnClips {
  /** Index of the first. */
  first: number;
  count: number;
  /** uint8 [count, frames, size, size, 3] */
  frames: Uint8Array;
  /** uint8 [count, frames, size, size]: the object in front, index + 1, or 0; null where they were not asked for. */
  masks: Uint8Array | null;
}

export function makeClips({
  world = 'still-camera',
  split,
  form,
  first,
  count,
  frames,
  size,
  masks,
}: ClipRequest): DrawnClips {
  const cells = frames * size * size;
  const drawn = {
    ...{ first, count },
    frames: new Uint8Array(count * cells * 3),
    masks: masks ? new Uint8Array(count * cells) : null,
  };
  for (let i = 0; i < count; i++) {
    const clip = makeClip(split, first + i, { world, ...(form ? { form } : {}), frames, size });
    drawn.frames.set(clip.frames, i * cells * 3);
    drawn.masks?.set(clip.masks, i * cells);
  }
  return drawn;
}
