import { Worker } from 'node:worker_threads';
import { type ClipRequest, type DrawnClips, makeClips } from './clip-frames.js';

/** Clips that a thread draws at a time: they finish within a second, and a few thousand keep many threads busy. */
const PIECE = 64;

/**
 * Draws clips in threads and hands them over in pieces, in any order.
 * @param threads 0: here
 */
export async function eachPiece(
  request: ClipRequest,
  threads: number,
  onPiece: (piece: DrawnClips) => void,
): Promise<void> {
  const pieces: ClipRequest[] = [];
  for (let at = 0; at < request.count; at += PIECE)
    pieces.push({ ...request, first: request.first + at, count: Math.min(PIECE, request.count - at) });
  if (threads === 0) {
    for (const piece of pieces) onPiece(makeClips(piece));
    return;
  }
  await Promise.all(
    Array.from({ length: Math.min(threads, pieces.length) }, async (_, i) => {
      const worker = threadAt(i);
      worker.ref();
      try {
        for (let piece = pieces.shift(); piece; piece = pieces.shift()) onPiece(await answerOf(worker, piece));
      } finally {
        worker.unref();
      }
    }),
  );
}

/**
 * Threads live as long as the process, which they do not keep alive: Node 20 aborts where a thread ends while V8 still
 * optimises its code.
 */
const pool: Worker[] = [];

function threadAt(i: number): Worker {
  const script = new URL(`./clip-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  pool[i] ??= new Worker(script);
  return pool[i];
}

function answerOf(worker: Worker, piece: ClipRequest): Promise<DrawnClips> {
  return new Promise((resolve, reject) => {
    const answered = (message: DrawnClips) => {
      worker.off('error', failed);
      resolve(message);
    };
    const failed = (error: unknown) => {
      worker.off('message', answered);
      reject(error);
    };
    worker.once('message', answered);
    worker.once('error', failed);
    worker.postMessage(piece);
  });
}
