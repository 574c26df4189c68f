import { parentPort } from 'node:worker_threads';
import { type SentError, sentError } from '@motion-enhancer/support';
import { type Prepared, type PrepareRequest, prepareRow } from './prepare-row.js';

export type Reply = { prepared: Prepared } | { error: SentError };

let last: Promise<void> = Promise.resolve();
let closed = false;
parentPort?.on('message', (request: PrepareRequest | null) => {
  closed ||= request === null;
  last = last.then(async () => {
    // Rows that wait behind the one in flight are of no use any more.
    if (request === null || closed) return parentPort!.close();
    try {
      const prepared = await prepareRow(request);
      const moved = prepared.state === 'ready' ? [prepared.input.frames.data.buffer as ArrayBuffer] : [];
      parentPort!.postMessage({ prepared } satisfies Reply, moved);
    } catch (caught) {
      parentPort!.postMessage({ error: sentError(caught) } satisfies Reply);
    }
  });
});
