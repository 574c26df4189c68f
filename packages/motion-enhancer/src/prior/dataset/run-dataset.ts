import { setTimeout as sleep } from 'node:timers/promises';
import { besideDefaultQueue, keep, noGrad, OutOfMemoryError, scope } from '@motion-enhancer/libtorch';
import { wordSpans } from '@motion-enhancer/models';
import { type Claim, claimState, refreshClaim, releaseClaim, UserError } from '@motion-enhancer/support';
import type { PriorConfig } from '../config.js';
import type { Vdm } from '../diffusion/vdm.js';
import { encodeVideo, type Latents, type OnProgress } from '../extract.js';
import { computePrior, type ExtractOutcome, type NamedSelection, type SampleInput } from '../run-extract.js';
import { type Alias, appendAlias, readAliases } from '../store/aliases.js';
import type { PriorCapture } from '../store/prior.js';
import type { PriorStore } from '../store/store.js';
import { absoluteSource, fileOf, type VideoSource } from '../video-source.js';
import { type Entry, videoOf } from './choose-rows.js';
import type { Counts } from './manifest.js';
import type { Prepared, PrepareRequest } from './prepare-row.js';
import { Preparer } from './preparer.js';
import { type TextFrom, type TextSource, textOfRow } from './text-of-row.js';

export interface RowEvent {
  state: 'done' | 'existed' | 'failed';
  line: number;
  id: string;
  video: string;
  key?: string;
  /** Why it failed */
  reason?: string;
  /** Of an existing prior: the name that it was made under, where that is another. */
  storedAs?: string;
  /** How Σ A² was had. */
  capture?: PriorCapture;
  /** Why the video is not whole, used or not. */
  brokenVideo?: string;
  seconds: number;
}

export interface DatasetJob {
  vdm: Vdm;
  store: PriorStore;
  entries: readonly Entry[];
  config: PriorConfig;
  /** Further selections from the same pass of every row. */
  selections?: readonly NamedSelection[];
  textFrom: TextFrom;
  onBroken: 'fail' | 'skip' | 'use';
  /** Texts that are encoded at once, while the text encoder is loaded (default 512). */
  textBatch?: number;
  /** Once aborted, the item in flight is finished and the run ends. */
  signal?: AbortSignal;
  onRow?: (event: RowEvent, counts: Counts) => void;
  onProgress?: (id: string, ...progress: Parameters<OnProgress>) => void;
  /** Rows that other processes compute are waited for at the end. */
  onWait?: (rows: number) => void;
}

/** A row with its text, on its way. */
interface Item {
  entry: Entry;
  id: string;
  /** As it is told. */
  video: string;
  file: VideoSource;
  text: string;
  source?: TextSource;
  prepared: Promise<Prepared>;
  /** Once it is known. */
  ready?: Prepared;
  /** Of the frames, encoded while the row before was computed; or why that failed. */
  ahead?: { latents: Latents; join: () => void } | { error: unknown };
}

/** A row that is known to be bad before its video is looked at. */
const badRow = (reason: string): Promise<never> => Promise.reject(new UserError(reason, { code: 'ERR_ROW' }));

/** So many failures one after another that are neither the row's nor its video's are not the rows' fault. */
const MOST_DEFECTS = 3;
const TEXT_BATCH = 512;
const POLL_MS = 200;

/**
 * Priors of many rows: those that are there and verify are left, rows that other processes compute are left to them,
 * bad ones are told and counted. While one is computed, the frames of the next are read.
 * @returns the counts; less than `rows` in sum when it was aborted
 * @throws UserError `ERR_WRITE` when the disk refuses; the reason of the first bad row under `onBroken: 'fail'`
 */
export async function runDataset(job: DatasetJob): Promise<Counts> {
  const run = new DatasetRun(job);
  try {
    await run.pass(job.entries);
    await run.waitForOthers();
    return run.counts;
  } finally {
    await run.close();
  }
}

function freeAhead({ ahead }: Item): void {
  if (ahead && 'latents' in ahead) ahead.latents.x0.dispose();
}

class DatasetRun {
  readonly counts: Counts;
  readonly #job: DatasetJob;
  readonly #preparer = new Preparer();
  readonly #claims = new Set<Claim>();
  #claimed: { entry: Entry; key: string }[] = [];
  #defects = 0;
  #ahead: Item | null = null;
  #aliases: Set<string> | null = null;

  constructor(job: DatasetJob) {
    this.#job = job;
    this.counts = { rows: job.entries.length, done: 0, existed: 0, failed: 0 };
  }

  async pass(entries: readonly Entry[]): Promise<void> {
    const waiting = [...entries];
    while (!this.#job.signal?.aborted) {
      const item = this.#ahead ?? this.#next(waiting);
      this.#ahead = null;
      if (!item) return;
      await this.#row(item, waiting);
    }
  }

  /** Until every row that another process had claimed is there, failed there, or was taken over. */
  async waitForOthers(): Promise<void> {
    const { signal, store, onWait } = this.#job;
    let told = false;
    while (this.#claimed.length > 0 && !signal?.aborted) {
      const free = this.#claimed.filter(({ key }) => claimState(store.dir, key) !== 'held');
      this.#claimed = this.#claimed.filter((claimed) => !free.includes(claimed));
      await this.pass(free.map(({ entry }) => entry));
      if (free.length > 0 || signal?.aborted) continue;
      if (!told) onWait?.(this.#claimed.length);
      told = true;
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
  #next(waiting: Entry[]): Item | null {
    const entry = waiting.shift();
    if (!entry) return null;
    const item = this.#start(entry);
    item.prepared.then(
      (prepared) => {
        item.ready = prepared;
      },
      // Told when its turn comes.
      () => {},
    );
    return item;
  }

  #start(entry: Entry): Item {
    const { line } = entry;
    if ('bad' in entry)
      return { entry, id: `row-${line}`, video: '', file: { path: '' }, text: '', prepared: badRow(entry.bad) };
    const { id } = entry.row;
    const file = absoluteSource(videoOf(entry.row)!);
    const told = { entry, id, file, video: fileOf(file) };
    try {
      const { text, source } = textOfRow(entry.row, this.#job.textFrom);
      if (wordSpans(text).length === 0) throw new Error(`its ${source} has no word`);
      return { ...told, text, source, prepared: this.#prepare(file, text) };
    } catch (error) {
      return { ...told, text: '', prepared: badRow((error as Error).message) };
    }
  }

  #prepare(video: VideoSource, text: string, replace = false): Promise<Prepared> {
    const { vdm, store, config, selections = [], onBroken } = this.#job;
    const request: PrepareRequest = {
      dir: store.dir,
      model: vdm.sha256,
      dtype: vdm.dtype,
      perLatent: vdm.vae.config.temporalCompression,
      video,
      text,
      options: config,
      selections: selections.map((one) => one.config),
      onBroken: onBroken === 'use' ? 'use' : 'fail',
      replace,
    };
    return this.#preparer.prepare(request);
  }

  async #row(item: Item, waiting: Entry[]): Promise<void> {
    const began = performance.now();
    const { entry, id, video } = item;
    const told = { line: entry.line, id, video };
    const seconds = () => (performance.now() - began) / 1000;
    try {
      let prepared = await item.prepared;
      if (prepared.state === 'exists') {
        if (prepared.keys.every((key) => this.#job.store.verifies(key)))
          return this.#existed(told, prepared.key, seconds());
        prepared = await this.#prepare(item.file, item.text, true);
      }
      if (prepared.state !== 'ready') {
        this.#claimed.push({ entry, key: prepared.key });
        return;
      }
      const { claim, input, key } = prepared;
      this.#claims.add(claim);
      let outcome: ExtractOutcome;
      try {
        if (this.#job.signal?.aborted) return;
        this.#ahead = this.#next(waiting);
        this.#encodeTexts(item.text, waiting);
        outcome = await this.#compute(item, input, claim);
      } finally {
        releaseClaim(claim);
        this.#claims.delete(claim);
      }
      this.counts.done++;
      this.#defects = 0;
      const { capture } = outcome;
      const { verdict, reason } = input.frames.info;
      const brokenVideo = verdict === 'ok' ? {} : { brokenVideo: `${verdict}: ${reason}` };
      const event = { state: 'done', ...told, key, ...(capture ? { capture } : {}), ...brokenVideo } as const;
      this.#job.onRow?.({ ...event, seconds: seconds() }, this.counts);
    } catch (error) {
      this.#judge(told, error);
    } finally {
      freeAhead(item);
    }
  }

  /** Where the text of a row is new: its embedding and those of the rows after it, while the encoder is loaded. */
  #encodeTexts(text: string, waiting: readonly Entry[]): void {
    const { vdm, textFrom, textBatch = TEXT_BATCH } = this.#job;
    if (vdm.texts.has(text) && vdm.texts.has('')) return;
    const wanted = new Set(['', text]);
    const ahead = this.#ahead?.entry;
    for (const entry of ahead ? [ahead, ...waiting] : waiting) {
      if (wanted.size > textBatch) break;
      if ('bad' in entry) continue;
      try {
        wanted.add(textOfRow(entry.row, textFrom).text);
      } catch {
        // Told when its turn comes.
      }
    }
    vdm.texts.clear(wanted);
    vdm.texts.encode(wanted);
  }

  /** The next row's frames to latents, beside the pass that runs. */
  #encodeAhead(): void {
    const { vdm, config } = this.#job;
    const item = this.#ahead;
    if (item?.ready?.state !== 'ready' || item.ahead) return;
    const { frames } = item.ready.input;
    try {
      const { value, join } = besideDefaultQueue(vdm.device, () =>
        keep(noGrad(() => scope(() => encodeVideo(vdm, frames, config)))),
      );
      item.ahead = { latents: value, join };
    } catch (error) {
      // Beside a pass there is less memory than without one: then it is encoded in its own turn.
      if (!(error instanceof OutOfMemoryError)) item.ahead = { error };
    }
  }

  async #compute(item: Item, input: SampleInput, claim: Claim): Promise<ExtractOutcome> {
    const { vdm, store, config, selections, onProgress } = this.#job;
    const { id, file, text, source, ahead } = item;
    if (ahead && 'error' in ahead) throw ahead.error;
    ahead?.join();
    refreshClaim(claim);
    return computePrior(
      {
        vdm,
        store,
        id,
        video: file,
        text,
        ...(source ? { textFrom: source } : {}),
        config,
        ...(selections ? { selections } : {}),
        onProgress: (...progress) => {
          refreshClaim(claim);
          onProgress?.(id, ...progress);
        },
        between: () => this.#encodeAhead(),
      },
      ahead ? { ...input, latents: ahead.latents } : input,
    );
  }

  /** A prior of a broken video, made when that was allowed, does not count where it is not. */
  #existed(told: Pick<RowEvent, 'line' | 'id' | 'video'>, key: string, seconds: number): void {
    const { store, onBroken, onRow } = this.#job;
    const { id, video, capture } = store.info(key);
    if (video.verdict !== 'ok' && onBroken !== 'use') {
      throw new UserError(`its video is ${video.verdict}; the prior ${key} was made with --on-broken use`, {
        code: 'ERR_VIDEO',
      });
    }
    const storedAs = id === told.id ? {} : { storedAs: id };
    if (id !== told.id) this.#alias({ id: told.id, key });
    this.counts.existed++;
    const brokenVideo = video.verdict === 'ok' ? {} : { brokenVideo: video.verdict };
    const event = { state: 'existed', ...told, key, ...(capture ? { capture } : {}), ...brokenVideo } as const;
    onRow?.({ ...event, seconds, ...storedAs }, this.counts);
  }

  /** So that whoever looks for this sample's prior finds the one of the other. */
  #alias(alias: Alias): void {
    const { dir } = this.#job.store;
    this.#aliases ??= new Set(readAliases(dir).map(({ id, key }) => `${id} ${key}`));
    const name = `${alias.id} ${alias.key}`;
    if (this.#aliases.has(name)) return;
    appendAlias(dir, alias);
    this.#aliases.add(name);
  }

  #judge(told: Pick<RowEvent, 'line' | 'id' | 'video'>, error: unknown): void {
    const { name, message, code } = error as Error & { code?: string };
    if (name === 'UserError') {
      if (code === 'ERR_WRITE') throw error;
      this.#defects = 0;
    } else if (++this.#defects >= MOST_DEFECTS) throw error;
    const reason = name === 'UserError' ? message : `${name}: ${message.split('\n')[0]}`;
    this.#failed(told, reason, code === 'ERR_VIDEO' ? { brokenVideo: reason } : {});
  }

  #failed(told: Pick<RowEvent, 'line' | 'id' | 'video'>, reason: string, more: { brokenVideo?: string }): void {
    this.counts.failed++;
    this.#job.onRow?.({ state: 'failed', ...told, reason, ...more, seconds: 0 }, this.counts);
    if (this.#job.onBroken === 'fail')
      throw new UserError(
        `Row ${told.line} (${told.id}) has no prior: ${reason.replace(/\.$/, '')}. The run stops here (--on-broken fail).`,
        {
          code: 'ERR_ROW',
        },
      );
  }
}
