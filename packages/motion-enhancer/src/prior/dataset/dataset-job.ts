import type { PriorConfig } from '../config.js';
import type { VideoDiffusion } from '../diffusion/video-diffusion.js';
import type { OnProgress } from '../extract.js';
import type { NamedSelection } from '../run-extract.js';
import type { PriorStore } from '../store/store.js';
import type { Entry } from './choose-rows.js';
import type { Counts } from './manifest.js';
import type { RowEvent } from './row-event.js';
import type { TextFrom } from './text-of-row.js';

/** Priors of many rows. */
export interface DatasetJob {
  vdm: VideoDiffusion;
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
