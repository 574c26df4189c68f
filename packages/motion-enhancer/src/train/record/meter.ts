import { memoryStats } from '@motion-enhancer/libtorch';
import type { Vlm } from '../../vlm/index.js';
import { type PreparedSample, sizeOf } from '../data/prepared-sample.js';
import { peakFlops } from './peak-flops.js';
import type { StepLog } from './step-log.js';

/** Steps whose mean time the ETA counts with. */
const RECENT = 20;

/** What a step cost, for its line in the log. */
export class Meter {
  readonly #vlm: Vlm;
  readonly #peak: number | null;
  #recent: number[] = [];

  constructor(vlm: Vlm) {
    this.#vlm = vlm;
    this.#peak = vlm.dtype === 'bfloat16' || vlm.dtype === 'float16' ? peakFlops(vlm.device) : null;
  }

  /** @param at of `performance.now()`: the data was asked for, the data was there */
  measure(batch: readonly PreparedSample[], at: { began: number; waited: number; left: number }) {
    const { device } = this.#vlm;
    const now = performance.now();
    const seconds = (now - at.began) / 1000;
    this.#recent = [...this.#recent, seconds].slice(-RECENT);
    const work = batch.reduce((sum, { chat }) => sum + this.#vlm.stepFlops(sizeOf(chat)), 0);
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
