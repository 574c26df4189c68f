import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeText } from '@motion-enhancer/support';
import type { PriorConfig } from '../config.js';
import type { NamedSelection } from '../run-extract.js';
import type { PriorCapture } from '../store/prior.js';
import type { TextFrom } from './text-of-row.js';

/** What a run was asked to do. Its hash names the manifest, so that runs with other settings stand side by side. */
export interface RunSettings {
  options: PriorConfig;
  /** Further selections from the same pass, where there are any. */
  selections?: readonly NamedSelection[];
  model: { vdm: string; sha256: string; weights: 'trained' | 'random'; dtype: string; device: string };
  data: { file: string; sha256: string; media: string };
  textFrom: TextFrom;
  onBroken: 'fail' | 'skip' | 'use';
  /** i/n; '' is all of it */
  shard: string;
  /** 0 is no limit */
  limit: number;
  code: string;
}

export interface Counts {
  /** Rows of this run: after limit and shard */
  rows: number;
  /** Computed by this process */
  done: number;
  /** There and verified, from an earlier run or from another process */
  existed: number;
  failed: number;
}

/** A video that is not whole, and what became of its row under the run's policy. */
export interface BrokenVideo {
  line: number;
  id: string;
  video: string;
  /** Why it is not whole. */
  reason: string;
  used: boolean;
}

/** What a run turned out to do, beside its counts. */
export interface RunFacts {
  /** The way to Σ A² that the memory plan chose before the run. */
  planned: PriorCapture & { plan: string };
  /** How many priors had it by which way. */
  captures: Record<string, number>;
  broken: BrokenVideo[];
  /** Rows with a prior whose text the diffusion model was told in part only, and how many of their words are missing. */
  texts: { cutRows: number; cutWords: number; unknownRows: number; unknownWords: number };
}

export type RunState = 'running' | 'finished' | 'interrupted' | 'failed';

export interface RunManifest extends RunSettings, RunFacts {
  format: 1;
  state: RunState;
  counts: Counts;
  startedAt: string;
  updatedAt: string;
}

/** `manifest-<hash8>.json` */
export function manifestName(settings: RunSettings): string {
  const hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  return `manifest-${hash.slice(0, 8)}.json`;
}

/** Writes the manifest as a whole or not at all. @throws UserError `ERR_WRITE` */
export function writeManifest(
  dir: string,
  settings: RunSettings,
  run: Pick<RunManifest, 'state' | 'counts' | 'startedAt'> & RunFacts,
): void {
  const manifest: RunManifest = { format: 1, ...run, updatedAt: new Date().toISOString(), ...settings };
  writeText(join(dir, manifestName(settings)), `${JSON.stringify(manifest, null, 2)}\n`);
}
