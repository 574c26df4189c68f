import { basename, extname } from 'node:path';
import { type DType, version } from '@motion-enhancer/libtorch';
import { CODE_VERSION } from '@motion-enhancer/support';
import { boundedFit } from '../data/image/bounded-fit.js';
import { localPath } from '../data/local-path.js';
import type { VideoFrames } from '../data/video/index.js';
import { clipRule } from './clip-rule.js';
import type { PriorConfig } from './config.js';
import type { TextSource } from './dataset/text-of-row.js';
import type { Latents, VideoDiffusion } from './diffusion/video-diffusion.js';
import { type Extraction, extract, type OnProgress } from './extract.js';
import { chooseClipFrames } from './grid.js';
import { priorKey } from './store/key.js';
import type { PriorCapture, PriorInfo } from './store/prior.js';
import type { PriorStore } from './store/store.js';
import { asSource, fileOf, hashSource, readSource, type VideoSource } from './video-source.js';

export interface ExtractJob {
  vdm: VideoDiffusion;
  store: PriorStore;
  /** Name of the sample; the file's name by default. */
  id?: string;
  video: string | VideoSource;
  text: string;
  /** What of a data set's row the text is. */
  textFrom?: TextSource;
  config: PriorConfig;
  /** Further selections from the same diffusion pass, each stored as a prior of its own. */
  selections?: readonly NamedSelection[];
  /** `use`: whatever decodes of a truncated or corrupt video is taken. */
  onBroken?: 'fail' | 'use';
  onProgress?: OnProgress;
  /** As in `ExtractOptions`. */
  between?: () => void;
}

/** A selection with a name; `config` differs from the job's in selection fields alone. */
export interface NamedSelection {
  name: string;
  config: PriorConfig;
}

/** What a sample's prior is computed from, read from its video. */
export interface SampleInput {
  /** Of `priorKey` */
  key: string;
  /** Of the video's files */
  sha256: string;
  /** What of the video its key depends on: see `hashSource`. */
  identity: string;
  frames: VideoFrames;
  /** Of these frames, where they were encoded before; they stay the caller's. */
  latents?: Latents;
}

export interface ExtractOutcome {
  key: string;
  id: string;
  /** True when a verified prior was there already. */
  existed: boolean;
  /** The frames that the model saw, at the video's own size, or, of large videos, at the model's. */
  frames: VideoFrames;
  pixelFrames: [number, number][];
  /** How Σ A² was had. */
  capture?: PriorCapture;
}

/** The key that a sample's prior has, and the hash of its video. */
export function keyOfSample(
  vdm: Pick<VideoDiffusion, 'sha256' | 'dtype'>,
  video: VideoSource,
  text: string,
  config: PriorConfig,
): { key: string; sha256: string; identity: string } {
  const { sha256, identity } = hashSource(video);
  const key = priorKey({ model: vdm.sha256, video: identity, text, options: config, dtype: vdm.dtype });
  return { key, sha256, identity };
}

/** A job whose model need not be loaded yet. */
export type ReadJob = Omit<ExtractJob, 'vdm'> & {
  vdm: Pick<VideoDiffusion, 'sha256' | 'dtype' | 'frameRule'>;
};

/** Reads a video, extracts its prior and stores it; a prior that exists and verifies is not computed again. */
export async function runExtract(job: ExtractJob): Promise<ExtractOutcome> {
  const input = await readSample(job);
  return existingPrior(job, input) ?? computePrior(job, input);
}

/** The frames that the model will see, and the prior's key. @throws UserError `ERR_VIDEO` */
export async function readSample({ vdm, video, text, config, onBroken }: ReadJob): Promise<SampleInput> {
  // Opening the file first gives the better message for what is no video.
  const choose = (count: number) => chooseClipFrames(count, config.frames, clipRule(config, vdm.frameRule));
  const fit = boundedFit(() => config);
  const frames = await readSource(asSource(video), choose, onBroken ?? 'fail', fit);
  return { ...keyOfSample(vdm, asSource(video), text, config), frames };
}

/** What was extracted before; null unless all priors of the job are there and verify. */
export function existingPrior(job: ReadJob, { key, identity, frames }: SampleInput): ExtractOutcome | null {
  if (!allVerify(job, key, identity)) return null;
  const { cell, capture } = job.store.info(key);
  return { key, id: sampleId(job), existed: true, frames, pixelFrames: cell.frames, ...(capture ? { capture } : {}) };
}

/** The keys of all priors that a job makes, the main one first. */
export function keysOfJob(
  {
    vdm,
    text,
    selections = [],
  }: Pick<ExtractJob, 'text' | 'selections'> & { vdm: Pick<VideoDiffusion, 'sha256' | 'dtype'> },
  key: string,
  identity: string,
): string[] {
  const of = ({ config }: NamedSelection) =>
    priorKey({ model: vdm.sha256, video: identity, text, options: config, dtype: vdm.dtype });
  return [key, ...selections.map(of)];
}

const allVerify = (job: ReadJob, key: string, identity: string): boolean =>
  keysOfJob(job, key, identity).every((one) => job.store.verifies(one));

/** The name of the file, or of the folder of pictures. */
function sampleId({ id, video }: Pick<ExtractJob, 'id' | 'video'>): string {
  const path = typeof video === 'string' ? localPath(video) : fileOf(video);
  return id || basename(path, extname(path));
}

/** Computes and stores the prior of a sample whose frames are at hand. */
export async function computePrior(job: ExtractJob, input: SampleInput): Promise<ExtractOutcome> {
  const { vdm, store, config, selections = [] } = job;
  const { key, identity, frames } = input;
  const id = sampleId(job);
  const configs = selections.map((one) => one.config);
  const extraction = await extract(vdm, frames, job.text, config, {
    ...(job.onProgress ? { onProgress: job.onProgress } : {}),
    others: configs,
    ...(input.latents ? { latents: input.latents } : {}),
    ...(job.between ? { between: job.between } : {}),
  });
  const { others, ...main } = extraction;
  const keys = keysOfJob(job, key, identity);
  const all = [main, ...others];
  try {
    // The main prior comes last: where it is, the others are.
    for (const i of [...all.keys()].reverse()) {
      const { rows_WFHW, allHeads_WFHW, heads_UWFHW } = all[i]!;
      const strip_SFHWC = i === 0 ? main.strip_SFHWC : null;
      const info = describe(job, input, { ...main, ...all[i]! }, { key: keys[i]!, selection: selections[i - 1] });
      store.write({ info, rows_WFHW, allHeads_WFHW, heads_UWFHW, strip_SFHWC });
    }
  } finally {
    for (const { rows_WFHW, allHeads_WFHW, heads_UWFHW } of all)
      for (const tensor of [rows_WFHW, allHeads_WFHW, heads_UWFHW]) tensor?.dispose();
    main.strip_SFHWC?.dispose();
  }
  return { key, id, existed: false, frames, pixelFrames: main.pixelFrames, capture: main.capture };
}

const partOf = ({ start, end }: { start?: number; end?: number }) => ({
  ...(start === undefined ? {} : { start }),
  ...(end === undefined ? {} : { end }),
});

/** What a prior says of itself. */
function describe(
  job: ExtractJob,
  { sha256, frames }: SampleInput,
  { heads, words, grid, pixelFrames, capture }: Omit<Extraction, 'others'>,
  { key, selection }: { key: string; selection: NamedSelection | undefined },
): PriorInfo {
  const { vdm, text, textFrom, config } = job;
  const video = asSource(job.video);
  return {
    format: 1,
    id: sampleId(job),
    key,
    text,
    ...(textFrom ? { textFrom } : {}),
    words,
    heads,
    grid: { frames: grid.frames, height: grid.height, width: grid.width },
    cell: {
      pixelHeight: config.height / grid.height,
      pixelWidth: config.width / grid.width,
      frames: pixelFrames,
      seconds: pixelFrames.map(([first, last]) => [frames.timestamps[first]!, frames.timestamps[last]!]),
    },
    video: {
      file: fileOf(video),
      sha256,
      verdict: frames.info.verdict,
      frames: frames.indices,
      seconds: frames.timestamps,
      ...('paths' in video ? { files: video.paths } : partOf(video)),
    },
    model: { vdm: vdm.dir, sha256: vdm.sha256, weights: vdm.weights, dtype: vdm.dtype as DType, device: vdm.device },
    options: selection?.config ?? config,
    ...(selection ? { selection: selection.name } : {}),
    capture,
    code: `${CODE_VERSION}, libtorch ${version()}`,
    createdAt: new Date().toISOString(),
  };
}
