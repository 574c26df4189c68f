import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { PriorInfo } from '../store/prior.js';
import type { PriorStore } from '../store/store.js';

/** Priors of one model, number format and set of options. */
export interface StatsGroup {
  vdm: string;
  weights: 'trained' | 'random';
  dtype: string;
  /** First digits of the hash of the options; equal ones are equal. */
  optionsHash: string;
  options: PriorInfo['options'];
  count: number;
  /** `F × H × W` → how many */
  grids: Record<string, number>;
  words: number;
  keptWords: number;
  /** Of `textFrom`; `given` where the text came from no row */
  textFrom: Record<string, number>;
  /** Of videos that are not whole */
  brokenVideos: number;
  bytes: number;
  largestBytes: number;
}

/** Counts a store by model and options, from the descriptions alone: contents are not verified. */
export function storeStats(store: PriorStore): {
  count: number;
  bytes: number;
  unreadable: string[];
  groups: StatsGroup[];
} {
  const groups = new Map<string, StatsGroup>();
  const unreadable: string[] = [];
  for (const key of store.keys()) {
    try {
      add(groups, store.info(key), statSync(store.path(key)).size);
    } catch {
      unreadable.push(store.path(key));
    }
  }
  const list = [...groups.values()].sort((a, b) => b.count - a.count);
  const sum = (of: (group: StatsGroup) => number) => list.reduce((total, group) => total + of(group), 0);
  return { count: sum((g) => g.count), bytes: sum((g) => g.bytes), unreadable, groups: list };
}

function add(groups: Map<string, StatsGroup>, info: PriorInfo, bytes: number): void {
  const { model, options, grid, words, video } = info;
  const optionsHash = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 8);
  const id = [model.sha256, model.dtype, optionsHash].join();
  const group = groups.get(id) ?? {
    vdm: model.vdm,
    weights: model.weights,
    dtype: model.dtype,
    optionsHash,
    options,
    count: 0,
    grids: {},
    words: 0,
    keptWords: 0,
    textFrom: {},
    brokenVideos: 0,
    bytes: 0,
    largestBytes: 0,
  };
  groups.set(id, group);
  const count = (table: Record<string, number>, name: string) => {
    table[name] = (table[name] ?? 0) + 1;
  };
  count(group.grids, `${grid.frames} × ${grid.height} × ${grid.width}`);
  count(group.textFrom, info.textFrom ?? 'given');
  group.count++;
  group.words += words.length;
  group.keptWords += words.filter((word) => word.kept).length;
  if (video.verdict !== 'ok') group.brokenVideos++;
  group.bytes += bytes;
  group.largestBytes = Math.max(group.largestBytes, bytes);
}
