import { memoryStats } from '@motion-enhancer/libtorch';
import { type BatchItem, sizeOf } from '../data/item.js';
import type { TrainableVlm } from '../loss/forward-sample.js';
import { flopsOf, peakFlops } from './flops.js';
import type { StepLog } from './step-log.js';

/** Steps whose mean time the ETA counts with. */
const RECENT = 20;

/** What a step cost, for its line in the log. */
export class Meter {
  readonly #model: TrainableVlm;
  readonly #flops: ReturnType<typeof flopsOf>;
  readonly #peak: number | null;
  #recent: number[] = [];

  constructor(model: TrainableVlm) {
    this.#model = model;
    this.#flops = flopsOf(model);
    this.#peak = model.dtype === 'bfloat16' || model.dtype === 'float16' ? peakFlops(model.device) : null;
  }

  /** @param at of `performance.now()`: the data was asked for, the data was there */
  measure(batch: readonly BatchItem[], at: { began: number; waited: number; left: number }) {
    const { device } = this.#model;
    const now = performance.now();
    const seconds = (now - at.began) / 1000;
    this.#recent = [...this.#recent, seconds].slice(-RECENT);
    const work = batch.reduce((sum, { chat }) => sum + this.#flops(sizeOf(this.#model, chat)), 0);
    const tokens = batch.reduce((n, { chat }) => n + chat.ids.length, 0);
    return {
      tokens,
      tokensPerSecond: tokens / seconds,
      mfu: this.#peak === null ? null : work / seconds / this.#peak,
      memoryBytes: device === 'cpu' ? process.memoryUsage.rss() : memoryStats(device).peak,
      seconds,
      waitSeconds: (at.waited - at.began) / 1000,
      etaSeconds: (at.left * this.#recent.reduce((a, b) => a + b, 0)) / this.#recent.length,
      samples: batch.map(({ row }) => row.id),
      aligned: batch.filter(({ prior }) => prior).length,
      words: batch.reduce((n, { prior }) => n + (prior?.words.length ?? 0), 0),
      droppedWords: batch.reduce((n, item) => n + item.droppedWords, 0),
    } satisfies Partial<StepLog>;
  }
}
