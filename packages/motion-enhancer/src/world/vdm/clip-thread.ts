// Makes clips in a thread beside the one that trains; it loads no libtorch.
import { parentPort } from 'node:worker_threads';
import { type ClipRequest, makeClips } from './clip-frames.js';

parentPort?.on('message', (request: ClipRequest) => {
  const frames = makeClips(request);
  parentPort!.postMessage({ first: request.first, frames }, [frames.buffer as ArrayBuffer]);
});
