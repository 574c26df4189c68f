// Draws clips on a thread of its own. Imports nothing but the generator: no libtorch here.
import { parentPort, workerData } from 'node:worker_threads';
import { type Form, makeClip, type Split } from '../generate/index.js';

export interface ClipJob {
  split: Split;
  form: Form;
  /** Clips `indices[i]`, for i = from … to − 1. */
  from: number;
  to: number;
}

export interface ClipWorkerData {
  indices: Int32Array;
  /** Shared: frames of clip i at i · bytes. */
  frames: Uint8Array;
  /** Shared, or null: masks of clip i at i · bytes / 3. */
  masks: Uint8Array | null;
  bytes: number;
}

const { indices, frames, masks, bytes } = workerData as ClipWorkerData;

parentPort!.on('message', ({ split, form, from, to }: ClipJob) => {
  for (let i = from; i < to; i++) {
    const clip = makeClip(split, indices[i]!, { form });
    frames.set(clip.frames, i * bytes);
    masks?.set(clip.masks, (i * bytes) / 3);
  }
  parentPort!.postMessage(to - from);
});
