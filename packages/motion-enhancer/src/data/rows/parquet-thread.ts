import { parentPort, workerData } from 'node:worker_threads';
import { type SentError, sentError } from '@motion-enhancer/support';
import { decodeParquet, type ParquetRow } from './decode-parquet.js';

/** The next rows, null at the end; or why there are none. */
export type ParquetReply = { rows: ParquetRow[] | null } | { error: SentError };

const batches = decodeParquet((workerData as { path: string }).path);

// Every message asks for the next rows.
parentPort?.on('message', async () => {
  let reply: ParquetReply;
  try {
    const { done, value } = await batches.next();
    reply = { rows: done ? null : value };
  } catch (error) {
    reply = { error: sentError(error) };
  }
  parentPort!.postMessage(reply);
});
