// Draws clips on a thread of its own. Imports nothing but the generator: no libtorch here.
import { parentPort } from 'node:worker_threads';
import { type Form, makeClip, type Split } from '../generate/index.js';

/** Clips `indices[i]`, for i = from … to − 1, into shared memory. */
export interface ClipJob {
  split: Split;
  form: Form;
  indices: Int32Array;
  from: number;
  to: number;
  /** Frames of clip i at i · bytes. */
  frames: Uint8Array;
  /** Masks of clip i at i · bytes / 3, or null. */
  masks: Uint8Array | null;
  bytes: number;
}

parentPort!.on('message', ({ split, form, indices, from, to, frames, masks, bytes }: ClipJob) => {
  for (let i = from; i < to; i++) {
    const clip = makeClip(split, indices[i]!, { form });
    frames.set(clip.frames, i * bytes);
    masks?.set(clip.masks, (i * bytes) / 3);
  }
  parentPort!.postMessage(to - from);
});
