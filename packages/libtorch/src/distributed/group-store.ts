import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../native.js';
import { groupError } from './group-error.js';
import { rankList } from './rank-list.js';
import { withDeadline } from './with-deadline.js';

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Ranks by the keys that they write. */
export type KeyOfRank = (rank: number) => string;

/**
 * The texts by key that all ranks of a group share. Every call answers within the group's time-out or fails with `ERR_GROUP`,
 * also where the process that serves the store was stopped.
 */
export class GroupStore {
  readonly rank: number;
  readonly size: number;
  /** How long every call waits at most. */
  timeoutMs: number;
  /** Where it is, for messages: `10.0.0.1:29500`, or a path. */
  readonly place: string;
  /** The same with who keeps it: `the store at 10.0.0.1:29500, which rank 0 serves,`. */
  readonly described: string;
  /** @internal */
  readonly handle: number;

  constructor(
    handle: number,
    place: { place: string; described: string },
    group: { rank: number; size: number; timeoutMs: number },
  ) {
    this.handle = handle;
    this.place = place.place;
    this.described = place.described;
    this.rank = group.rank;
    this.size = group.size;
    this.timeoutMs = group.timeoutMs;
  }

  set(key: string, text: string): Promise<void> {
    return this.#ask(`writing ${key}`, native.storeSet(this.handle, key, text));
  }

  /** Null when nobody has written the key. */
  get(key: string): Promise<string | null> {
    return this.#ask(`reading ${key}`, native.storeGet(this.handle, key));
  }

  /** Adds to a number that starts at 0; what comes back is the sum, a different one for each caller. */
  add(key: string, by: number): Promise<number> {
    return this.#ask(`counting ${key}`, native.storeAdd(this.handle, key, by));
  }

  delete(key: string): Promise<void> {
    return this.#ask(`deleting ${key}`, native.storeDelete(this.handle, key));
  }

  /**
   * The texts that `ranks` write, once all have.
   * @throws UserError `ERR_GROUP` after the time-out, naming the operation and the ranks that did not come
   */
  async waitForRanks(operation: string, ranks: readonly number[], key: KeyOfRank): Promise<string[]> {
    const start = performance.now();
    const texts = new Map<number, string>();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      for (const rank of ranks) {
        if (texts.has(rank)) continue;
        const text = await this.get(key(rank));
        // Ranks come in any order, but all are needed: one look at the first that is missing is enough.
        if (text === null) break;
        texts.set(rank, text);
      }
      if (texts.size === ranks.length) return ranks.map((rank) => texts.get(rank)!);
      const waitedMs = performance.now() - start;
      if (waitedMs >= this.timeoutMs) {
        const missing = await this.#absent(ranks, key);
        if (missing.length > 0) throw this.#error(operation, waitedMs, `${rankList(missing)} did not come.`);
      }
      await sleep(pause);
    }
  }

  close(): void {
    native.closeStore(this.handle);
  }

  async #absent(ranks: readonly number[], key: KeyOfRank): Promise<number[]> {
    const missing: number[] = [];
    for (const rank of ranks) if ((await this.get(key(rank))) === null) missing.push(rank);
    return missing;
  }

  async #ask<T>(operation: string, answer: Promise<T>): Promise<T> {
    const start = performance.now();
    const late = () => this.#error(operation, performance.now() - start, `${this.described} does not answer.`);
    try {
      return await withDeadline(answer, this.timeoutMs, late);
    } catch (cause) {
      if ((cause as { code?: string }).code === 'ERR_GROUP') throw cause;
      const text = (cause as Error).message.split('\n')[0];
      const reason = `${this.described} is gone (${text}).`;
      throw this.#error(operation, performance.now() - start, reason, cause);
    }
  }

  #error(operation: string, waitedMs: number, reason: string, cause?: unknown) {
    return groupError({ rank: this.rank, size: this.size, operation, waitedMs }, reason, cause);
  }
}
