import type { Worker } from 'node:worker_threads';
import { reviveError, threadOf } from '@motion-enhancer/support';
import type { Prepared, PrepareRequest } from './prepare-row.js';
import type { Reply } from './prepare-thread.js';

/** Prepares rows in a thread of its own: the main one stands still while libtorch computes. */
export class Preparer {
  readonly #thread: Worker;
  readonly #waiting: { resolve(prepared: Prepared): void; reject(error: Error): void }[] = [];
  #dead: Error | null = null;

  constructor() {
    this.#thread = threadOf(new URL('./prepare-thread.js', import.meta.url), import.meta.url);
    this.#thread.on('message', (reply: Reply) => {
      const caller = this.#waiting.shift();
      if ('error' in reply) caller?.reject(reviveError(reply.error));
      else caller?.resolve(reply.prepared);
    });
    this.#thread.on('error', (error) => this.#end(error as Error));
    this.#thread.on('exit', (code) => this.#end(new Error(`The thread that reads videos ended with code ${code}.`)));
  }

  /** Rows are prepared one after another. @throws UserError as `prepareRow` does */
  prepare(request: PrepareRequest): Promise<Prepared> {
    return new Promise((resolve, reject) => {
      if (this.#dead) return reject(this.#dead);
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage(request);
    });
  }

  /**
   * What is being read is read to its end: a thread that is ended from outside in the middle of a file takes the whole
   * process with it, for FFmpeg's binding aborts.
   */
  async close(): Promise<void> {
    if (this.#dead) return;
    const exit = new Promise((resolve) => this.#thread.once('exit', resolve));
    this.#end(new Error('The thread that reads videos was closed.'));
    this.#thread.postMessage(null);
    await exit;
  }

  #end(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#dead);
  }
}
