import { UserError } from '@motion-enhancer/support';
import type { VideoFrames } from '../../data/video/index.js';
import { type Alias, appendAlias, readAliases } from '../store/aliases.js';
import type { PriorCapture } from '../store/prior.js';
import type { DatasetJob } from './dataset-job.js';
import type { Counts } from './manifest.js';
import type { RowName } from './row-event.js';

/** So many failures one after another that are neither the row's nor its video's are not the rows' fault. */
const MAX_DEFECTS = 3;

/** How the rows of a run end: counts them, tells of them, and says when the run must stop. */
export class RowEnds {
  readonly counts: Counts;
  readonly #job: DatasetJob;
  #defects = 0;
  #aliases: Set<string> | null = null;

  constructor(job: DatasetJob) {
    this.#job = job;
    this.counts = { rows: job.entries.length, done: 0, existed: 0, failed: 0 };
  }

  done(
    row: RowName,
    {
      key,
      capture,
      info,
      seconds,
    }: { key: string; info: VideoFrames['info']; seconds: number } & {
      capture: PriorCapture | undefined;
    },
  ): void {
    this.counts.done++;
    this.#defects = 0;
    const brokenVideo = info.verdict === 'ok' ? {} : { brokenVideo: `${info.verdict}: ${info.reason}` };
    const event = { state: 'done', ...row, key, ...(capture ? { capture } : {}), ...brokenVideo, seconds } as const;
    this.#job.onRow?.(event, this.counts);
  }

  /** A prior of a broken video, made when that was allowed, does not count where it is not. @throws UserError `ERR_VIDEO` */
  existed(row: RowName, key: string, seconds: number): void {
    const { store, onBroken, onRow } = this.#job;
    const { id, video, capture } = store.info(key);
    if (video.verdict !== 'ok' && onBroken !== 'use') {
      throw new UserError(`its video is ${video.verdict}; the prior ${key} was made with --on-broken use`, {
        code: 'ERR_VIDEO',
      });
    }
    const storedAs = id === row.id ? {} : { storedAs: id };
    if (id !== row.id) this.#alias({ id: row.id, key });
    this.counts.existed++;
    const brokenVideo = video.verdict === 'ok' ? {} : { brokenVideo: video.verdict };
    const event = { state: 'existed', ...row, key, ...(capture ? { capture } : {}), ...brokenVideo } as const;
    onRow?.({ ...event, seconds, ...storedAs }, this.counts);
  }

  /**
   * A row that has no prior.
   * @throws the error where it is not the row's fault; UserError `ERR_ROW` under `onBroken: 'fail'`
   */
  failed(row: RowName, error: unknown): void {
    const { name, message, code } = error as Error & { code?: string };
    if (name === 'UserError') {
      if (code === 'ERR_WRITE') throw error;
      this.#defects = 0;
    } else if (++this.#defects >= MAX_DEFECTS) throw error;
    const reason = name === 'UserError' ? message : `${name}: ${message.split('\n')[0]}`;
    const brokenVideo = code === 'ERR_VIDEO' ? { brokenVideo: reason } : {};
    this.counts.failed++;
    this.#job.onRow?.({ state: 'failed', ...row, reason, ...brokenVideo, seconds: 0 }, this.counts);
    if (this.#job.onBroken === 'fail')
      throw new UserError(
        `Row ${row.line} (${row.id}) has no prior: ${reason.replace(/\.$/, '')}. The run stops here (--on-broken fail).`,
        { code: 'ERR_ROW' },
      );
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
}
