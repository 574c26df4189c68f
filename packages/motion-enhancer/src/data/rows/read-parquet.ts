import { statSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { reviveError, threadOf } from '@motion-enhancer/support';
import type { ParquetRow } from './decode-parquet.js';
import { notParquet } from './not-parquet.js';
import type { ParquetReply } from './parquet-thread.js';

/** A sound file's next rows come far sooner, on a slow disk too. */
const DEADLINE_MS = 60_000;
const MS_PER_MIB = 250;

/**
 * The rows of a parquet file, as plain values. They are decoded in a thread: where a file is damaged, the decoder may run
 * without an end or fail where nobody listens, which must end neither the process nor its time.
 * @param deadlineMs how long the next rows may take; by default a minute and a quarter of a second a MiB of the file
 * @throws UserError ERR_DATA
 */
export async function* readParquet(path: string, deadlineMs = deadlineOf(path)): AsyncGenerator<ParquetRow> {
  const thread = threadOf(new URL('./parquet-thread.js', import.meta.url), import.meta.url, { path });
  // It may fail between two questions, when nobody waits.
  let failed: Error | undefined;
  thread.on('error', (error) => {
    failed = error as Error;
  });
  try {
    for (let reply = await ask(thread, path, deadlineMs); ; reply = await ask(thread, path, deadlineMs)) {
      if ('error' in reply) throw reviveError(reply.error);
      if (reply.rows === null) return;
      yield* reply.rows;
      if (failed) throw notParquet(path, failed.message, failed);
    }
  } finally {
    await thread.terminate();
  }
}

const deadlineOf = (path: string): number =>
  DEADLINE_MS + ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20) * MS_PER_MIB;

function ask(thread: Worker, path: string, deadlineMs: number): Promise<ParquetReply> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      thread.off('message', take).off('error', fail).off('exit', ended);
    };
    const take = (reply: ParquetReply) => {
      end();
      resolve(reply);
    };
    const fail = (cause: Error) => {
      end();
      reject(notParquet(path, cause.message, cause));
    };
    const ended = (code: number) => fail(new Error(`its decoder ended with code ${code}`));
    const late = () => fail(new Error(`its decoder came to no end within ${Math.round(deadlineMs / 1000)} s`));
    const timer = setTimeout(late, deadlineMs);
    thread.once('message', take).once('error', fail).once('exit', ended);
    thread.postMessage(null);
  });
}
