import { type Form, makeClip, type Split } from '../generate/index.js';

/** Some clips of a split. */
export interface ClipRequest {
  split: Split;
  form?: Form;
  first: number;
  count: number;
  frames: number;
  size: number;
}

/** Their frames, one clip after the other: uint8 [count, frames, size, size, 3]. */
export function makeClips({ split, form, first, count, frames, size }: ClipRequest): Uint8Array {
  const per = frames * size * size * 3;
  const all = new Uint8Array(count * per);
  for (let i = 0; i < count; i++)
    all.set(makeClip(split, first + i, { ...(form ? { form } : {}), frames, size }).frames, i * per);
  return all;
}
