import type { Worker } from 'node:worker_threads';
import { reviveError, threadOf } from '@motion-enhancer/support';
import { loadedPlugins } from '../../plugins/load-plugin.js';
import type { MediaSource } from './media-source.js';
import type { Message, Reply, ThreadData } from './media-thread.js';
import type { MediumRequest, ReadMedium } from './read-medium.js';

interface Job {
  id: number;
  request: MediumRequest;
  resolve(medium: ReadMedium): void;
  reject(error: Error): void;
}

/** Threads that decode and prepare media while the main one stands still in libtorch. */
export class MediaPool implements MediaSource {
  readonly #threads: Worker[];
  readonly #idle: Worker[];
  readonly #waiting: Job[] = [];
  readonly #running = new Map<number, Job>();
  #next = 0;
  #dead: Error | null = null;
  #broken = false;

  /**
   * @param dir of the checkpoint @param count of threads
   * @param depth how many media a thread is given at a time: with more than one it goes on while the main thread stands still
   */
  constructor(dir: string, count: number, depth = 1) {
    this.#threads = Array.from({ length: count }, () => this.#start({ dir, plugins: loadedPlugins() }));
    this.#idle = Array.from({ length: depth }, () => this.#threads).flat();
  }

  /** Media come in any order; they are begun in that of the calls. @throws UserError as `readMedium` does */
  read(request: MediumRequest): Promise<ReadMedium> {
    return new Promise((resolve, reject) => {
      if (this.#dead) return reject(this.#dead);
      this.#waiting.push({ id: this.#next++, request, resolve, reject });
      this.#hand();
    });
  }

  /** What is being read is read to its end. */
  async close(): Promise<void> {
    const exits = this.#threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
    this.#end(new Error('The threads that read media were closed.'));
    for (const thread of this.#threads) thread.postMessage({ id: -1, request: null } satisfies Message);
    if (!this.#broken) await Promise.all(exits);
  }

  #start(data: ThreadData): Worker {
    const thread = threadOf(new URL('./media-thread.js', import.meta.url), import.meta.url, data);
    thread.on('message', (reply: Reply) => {
      const job = this.#running.get(reply.id);
      this.#running.delete(reply.id);
      this.#idle.push(thread);
      this.#hand();
      if ('error' in reply) job?.reject(reviveError(reply.error));
      else job?.resolve(reply.medium);
    });
    thread.on('error', (error) => {
      this.#broken = true;
      this.#end(error as Error);
    });
    thread.on('exit', (code) => this.#end(new Error(`A thread that reads media ended with code ${code}.`)));
    return thread;
  }

  #hand(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const job = this.#waiting.shift()!;
      this.#running.set(job.id, job);
      this.#idle.shift()!.postMessage({ id: job.id, request: job.request } satisfies Message);
    }
  }

  #end(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of [...this.#running.values(), ...this.#waiting.splice(0)]) reject(this.#dead);
    this.#running.clear();
  }
}
