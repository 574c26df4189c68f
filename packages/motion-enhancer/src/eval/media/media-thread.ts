import { parentPort, workerData } from 'node:worker_threads';
import { setThreads } from '@motion-enhancer/libtorch';
import { type SentError, sentError } from '@motion-enhancer/support';
import { loadPlugins } from '../../plugins/load-plugin.js';
import { type MediumReader, openMediumReader } from '../../vlm/media/medium-reader.js';
import { type MediumRequest, type ReadMedium, readMedium } from './read-medium.js';

export interface ThreadData {
  /** The checkpoint's folder */
  dir: string;
  /** Files that the main thread loaded. */
  plugins: readonly string[];
}
/** A message to the thread; without a request the thread ends once it has nothing more to do. */
export interface Message {
  id: number;
  request: MediumRequest | null;
}
export type Reply = { id: number; medium: ReadMedium } | { id: number; error: SentError };

// The threads share the cores between them; each computes on one.
setThreads(1);
let opened: MediumReader | null = null;
async function reader(): Promise<MediumReader> {
  const { dir, plugins } = workerData as ThreadData;
  await loadPlugins(plugins);
  opened ??= openMediumReader(dir);
  return opened;
}

let last: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, request }: Message) => {
  last = last.then(async () => {
    // Ended from outside in the middle of a file, FFmpeg's binding would abort the whole process.
    if (!request) return parentPort!.close();
    try {
      const medium = await readMedium(await reader(), request);
      const moved = [medium.pixels.buffer, ...(medium.picture ? [medium.picture.buffer] : [])] as ArrayBuffer[];
      parentPort!.postMessage({ id, medium } satisfies Reply, [...new Set(moved)]);
    } catch (caught) {
      parentPort!.postMessage({ id, error: sentError(caught) } satisfies Reply);
    }
  });
});
