import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../native.js';
import type { GroupStore } from './group-store.js';
import { withDeadline } from './with-deadline.js';

/** What carries the tensors of a group: nothing (a group of one), Gloo (host memory), or NCCL (GPUs; CPU tensors go by Gloo). */
export type GroupBackend = 'none' | 'gloo' | 'nccl';

const PATIENCE_MS = 5_000;

export interface ProcessGroupParts {
  name: string;
  rank: number;
  size: number;
  localRank: number;
  backend: GroupBackend;
  timeoutMs: number;
  store: GroupStore | null;
  /** Host names by rank. */
  hosts: readonly string[];
  /** Whether other ranks' store ends with this process. */
  serves: boolean;
  onClose?: () => void;
}

/**
 * Processes that compute together: each has a rank from 0 to `size` − 1, and all call the same collectives in the same order.
 * `joinGroup` makes one. In a group of one every collective gives its input back and nothing native is called.
 */
export class ProcessGroup {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  /** The rank among the processes of this host, as the launcher counts: usually the index of this process's GPU. */
  readonly localRank: number;
  readonly backend: GroupBackend;
  /** How long a rank waits for the others before it fails, ms. */
  readonly timeoutMs: number;
  readonly hosts: readonly string[];
  /** @internal Null in a group of one. */
  readonly store: GroupStore | null;
  readonly #serves: boolean;
  readonly #onClose: () => void;
  readonly #counts = new Map<string, number>();
  #closed = false;
  #broken = false;

  /** @internal Use `joinGroup`. */
  constructor(parts: ProcessGroupParts) {
    this.name = parts.name;
    this.rank = parts.rank;
    this.size = parts.size;
    this.localRank = parts.localRank;
    this.backend = parts.backend;
    this.timeoutMs = parts.timeoutMs;
    this.hosts = parts.hosts;
    this.store = parts.store;
    this.#serves = parts.serves;
    this.#onClose = parts.onClose ?? (() => {});
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** @internal After a failure nobody is waited for. */
  markBroken(): void {
    this.#broken = true;
  }

  /** @internal The number of this call among those of its kind: the same on every rank. */
  next(kind: string): number {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return count;
  }

  /**
   * Leaves the group. The rank that serves the store waits up to 5 s for the others to leave, so that none of them loses it
   * while it still works. Never fails: what is left of a broken group ends with the process.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { store } = this;
    if (!store) return;
    try {
      const late = () => new Error('late');
      await withDeadline(native.closeGroup(this.name), PATIENCE_MS, late);
      await withDeadline(this.#leave(store), PATIENCE_MS, late);
    } catch {
      // A peer that is gone cannot be left in good order.
    }
    store.close();
    this.#onClose();
  }

  async #leave(store: GroupStore): Promise<void> {
    let left = await store.add('left', 1);
    while (this.#serves && !this.#broken && left < this.size) {
      await sleep(5);
      left = await store.add('left', 0);
    }
  }
}
