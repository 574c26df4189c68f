// Draws clips in a thread beside the one that trains; it loads no libtorch.
import { parentPort } from 'node:worker_threads';
import { type ClipRequest, makeClips } from './clip-frames.js';

parentPort?.on('message', (request: ClipRequest) => {
  const drawn = makeClips(request);
  const buffers = [drawn.frames, drawn.masks].flatMap((bytes) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
  parentPort!.postMessage(drawn, buffers);
});
