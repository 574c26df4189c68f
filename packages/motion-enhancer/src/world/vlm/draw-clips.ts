import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Form, Split } from '../generate/index.js';
import { CLIP_BYTES } from './clip-table.js';
import type { ClipJob, ClipWorkerData } from './clip-worker.js';

export interface DrawnClips {
  /** uint8 [clips, 16, 64, 64, 3] */
  frames: Uint8Array;
  /** uint8 [clips, 16, 64, 64]: the object in front, index + 1, or 0; null where they were not wanted. */
  masks: Uint8Array | null;
}

/** Clips at a time a worker: they finish within a second. */
const AT_A_TIME = 64;

/**
 * Draws clips of the world on all cores.
 * @param indices of the split
 */
export async function drawClips(
  split: Split,
  form: Form,
  indices: readonly number[],
  options: { masks?: boolean; threads?: number; onProgress?(done: number): void } = {},
): Promise<DrawnClips> {
  const shared = (bytes: number) => new Uint8Array(new SharedArrayBuffer(bytes));
  const frames = shared(indices.length * CLIP_BYTES);
  const masks = options.masks ? shared((indices.length * CLIP_BYTES) / 3) : null;
  const data: ClipWorkerData = { indices: Int32Array.from(indices), frames, masks, bytes: CLIP_BYTES };
  let next = 0;
  let done = 0;
  const threads = Math.min(options.threads ?? availableParallelism(), Math.ceil(indices.length / AT_A_TIME));
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./clip-worker.js', import.meta.url), { workerData: data });
      const give = () => {
        if (next >= indices.length) {
          void worker.terminate();
          resolve();
          return;
        }
        const from = next;
        next = Math.min(indices.length, next + AT_A_TIME);
        worker.postMessage({ split, form, from, to: next } satisfies ClipJob);
      };
      worker.on('error', reject);
      worker.on('message', (count: number) => {
        done += count;
        options.onProgress?.(done);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: threads }, work));
  return { frames, masks };
}
