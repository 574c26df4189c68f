import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, claimState, refreshClaim, releaseClaim } from '@motion-enhancer/support';
import { computePrior, type ExtractOutcome, type SampleInput } from '../run-extract.js';
import type { VideoSource } from '../video-source.js';
import type { Entry } from './choose-rows.js';
import type { DatasetJob } from './dataset-job.js';
import { encodeAhead, freeAhead } from './encode-ahead.js';
import { encodeTexts } from './encode-texts.js';
import { type PendingRow, startRow } from './pending-row.js';
import type { Prepared } from './prepare-row.js';
import { Preparer } from './preparer.js';
import { RowEnds } from './row-ends.js';

const POLL_MS = 200;

/** A run over rows in flight: what is prepared ahead, and the claims that it holds. */
export class DatasetRun {
  readonly ends: RowEnds;
  readonly #job: DatasetJob;
  readonly #preparer = new Preparer();
  readonly #claims = new Set<Claim>();
  #claimed: { entry: Entry; key: string }[] = [];
  #ahead: PendingRow | null = null;

  constructor(job: DatasetJob) {
    this.#job = job;
    this.ends = new RowEnds(job);
  }

  async pass(entries: readonly Entry[]): Promise<void> {
    const waiting = [...entries];
    while (!this.#job.signal?.aborted) {
      const row = this.#ahead ?? this.#next(waiting);
      this.#ahead = null;
      if (!row) return;
      await this.#row(row, waiting);
    }
  }

  /** Until every row that another process had claimed is there, failed there, or was taken over. */
  async waitForOthers(): Promise<void> {
    const { signal, store, onWait } = this.#job;
    let reported = false;
    while (this.#claimed.length > 0 && !signal?.aborted) {
      const free = this.#claimed.filter(({ key }) => claimState(store.dir, key) !== 'held');
      this.#claimed = this.#claimed.filter((claimed) => !free.includes(claimed));
      await this.pass(free.map(({ entry }) => entry));
      if (free.length > 0 || signal?.aborted) continue;
      if (!reported) onWait?.(this.#claimed.length);
      reported = true;
      await sleep(POLL_MS);
    }
  }

  /** Gives up what was prepared and not used. */
  async close(): Promise<void> {
    const prepared = await this.#ahead?.prepared.catch(() => null);
    if (prepared?.state === 'ready') releaseClaim(prepared.claim);
    if (this.#ahead) freeAhead(this.#ahead);
    this.#job.vdm.texts.clear();
    for (const claim of this.#claims) releaseClaim(claim);
    await this.#preparer.close();
  }

  /** The next row, being prepared. */
  #next(waiting: Entry[]): PendingRow | null {
    const entry = waiting.shift();
    return entry ? startRow(entry, this.#job, (video, text) => this.#prepare(video, text)) : null;
  }

  #prepare(video: VideoSource, text: string, replace = false): Promise<Prepared> {
    const { vdm, store, config, selections = [], onBroken } = this.#job;
    return this.#preparer.prepare({
      dir: store.dir,
      model: vdm.sha256,
      dtype: vdm.dtype,
      frameRule: vdm.frameRule,
      ...{ video, text, replace },
      options: config,
      selections: selections.map((one) => one.config),
      onBroken: onBroken === 'use' ? 'use' : 'fail',
    });
  }

  async #row(row: PendingRow, waiting: Entry[]): Promise<void> {
    const began = performance.now();
    const { fit } = row;
    const text = fit && fit.cut + fit.unknown > 0 ? { text: fit } : {};
    const named = { line: row.entry.line, id: row.id, video: row.video, ...text };
    const seconds = () => (performance.now() - began) / 1000;
    try {
      let prepared = await row.prepared;
      if (prepared.state === 'exists') {
        if (prepared.keys.every((key) => this.#job.store.verifies(key)))
          return this.ends.existed(named, prepared.key, seconds());
        prepared = await this.#prepare(row.file, row.text, true);
      }
      if (prepared.state !== 'ready') {
        this.#claimed.push({ entry: row.entry, key: prepared.key });
        return;
      }
      const outcome = await this.#claimedRow(row, prepared, waiting);
      if (!outcome) return;
      const { key, input } = prepared;
      this.ends.done(named, { key, capture: outcome.capture, info: input.frames.info, seconds: seconds() });
    } catch (error) {
      this.ends.failed(named, error);
    } finally {
      freeAhead(row);
    }
  }

  /** Computes a row under its claim while the next is prepared; null where the run was aborted before. */
  async #claimedRow(
    row: PendingRow,
    { claim, input }: Extract<Prepared, { state: 'ready' }>,
    waiting: Entry[],
  ): Promise<ExtractOutcome | null> {
    this.#claims.add(claim);
    try {
      if (this.#job.signal?.aborted) return null;
      this.#ahead = this.#next(waiting);
      encodeTexts(this.#job, row.text, this.#ahead ? [this.#ahead.entry, ...waiting] : waiting);
      return await this.#compute(row, input, claim);
    } finally {
      releaseClaim(claim);
      this.#claims.delete(claim);
    }
  }

  async #compute(row: PendingRow, input: SampleInput, claim: Claim): Promise<ExtractOutcome> {
    const { vdm, store, config, selections, onProgress } = this.#job;
    const { id, file, text, source, ahead } = row;
    if (ahead && 'error' in ahead) throw ahead.error;
    ahead?.join();
    refreshClaim(claim);
    return computePrior(
      {
        ...{ vdm, store, id, text, config },
        video: file,
        ...(source ? { textFrom: source } : {}),
        ...(selections ? { selections } : {}),
        onProgress: (...progress) => {
          refreshClaim(claim);
          onProgress?.(id, ...progress);
        },
        between: () => encodeAhead(this.#job, this.#ahead),
      },
      ahead ? { ...input, latents: ahead.latents } : input,
    );
  }
}
