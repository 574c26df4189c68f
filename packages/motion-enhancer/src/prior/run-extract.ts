import { basename, extname } from 'node:path';
import { type DType, version } from '@motion-enhancer/libtorch';
import { readFrames, type VideoFrames } from '../data/video/index.js';
import type { PriorConfig } from './config.js';
import type { TextSource } from './dataset/text-of-row.js';
import { extract, type OnProgress } from './extract.js';
import { chooseClipFrames } from './grid.js';
import { priorKey, sha256File } from './key.js';
import type { Prior } from './prior.js';
import type { PriorStore } from './store.js';
import type { Vdm } from './vdm.js';

/** Version of what computes a prior: raised when the numbers change. */
export const CODE_VERSION = 'motion-enhancer 0.1.0, prior 1';

export interface ExtractJob {
  vdm: Vdm;
  store: PriorStore;
  /** Name of the sample; the file's name by default. */
  id?: string;
  video: string;
  text: string;
  /** What of a data set's row the text is. */
  textFrom?: TextSource;
  config: PriorConfig;
  /** `use`: whatever decodes of a truncated or corrupt video is taken. */
  onBroken?: 'fail' | 'use';
  onProgress?: OnProgress;
}

/** What a sample's prior is computed from, read from its video. */
export interface SampleInput {
  /** Of `priorKey` */
  key: string;
  /** Of the video file */
  sha256: string;
  frames: VideoFrames;
}

export interface ExtractOutcome {
  key: string;
  id: string;
  /** True when a verified prior was there already. */
  existed: boolean;
  /** The frames that the model saw, at the video's own size. */
  frames: VideoFrames;
  pixelFrames: [number, number][];
}

/** The key that a sample's prior has, and the hash of its video. */
export async function keyOfSample(
  vdm: Pick<Vdm, 'sha256' | 'dtype'>,
  video: string,
  text: string,
  config: PriorConfig,
): Promise<{ key: string; sha256: string }> {
  const sha256 = await sha256File(video);
  return { key: priorKey({ model: vdm.sha256, video: sha256, text, options: config, dtype: vdm.dtype }), sha256 };
}

/** Reads a video, extracts its prior and stores it; a prior that exists and verifies is not computed again. */
export async function runExtract(job: ExtractJob): Promise<ExtractOutcome> {
  const { vdm, store, video, text, config } = job;
  // Opening the file first gives the better message for what is no video.
  const frames = await readFrames(video, {
    choose: ({ count }) => chooseClipFrames(count, config.frames, config.oddLatents === 'drop-frames'),
    onBroken: job.onBroken ?? 'fail',
  });
  const { key, sha256 } = await keyOfSample(vdm, video, text, config);
  if (store.verifies(key)) {
    const { cell } = store.info(key);
    return { key, id: sampleId(job), existed: true, frames, pixelFrames: cell.frames };
  }
  return computePrior(job, { key, sha256, frames });
}

const sampleId = ({ id, video }: ExtractJob): string => id || basename(video, extname(video));

/** Computes and stores the prior of a sample whose frames are at hand. */
export async function computePrior(job: ExtractJob, input: SampleInput): Promise<ExtractOutcome> {
  const { vdm, store, video, text, textFrom, config } = job;
  const { key, sha256, frames } = input;
  const id = sampleId(job);
  const { rows_WFHW, allHeads_WFHW, heads, words, grid, pixelFrames } = await extract(
    vdm,
    frames,
    text,
    config,
    job.onProgress,
  );
  const prior: Prior = {
    info: {
      format: 1,
      id,
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
      video: { file: video, sha256, verdict: frames.info.verdict, frames: frames.indices, seconds: frames.timestamps },
      model: { vdm: vdm.dir, sha256: vdm.sha256, weights: vdm.weights, dtype: vdm.dtype as DType, device: vdm.device },
      options: config,
      code: `${CODE_VERSION}, libtorch ${version()}`,
      createdAt: new Date().toISOString(),
    },
    rows_WFHW,
    allHeads_WFHW,
  };
  try {
    store.write(prior);
  } finally {
    rows_WFHW.dispose();
    allHeads_WFHW.dispose();
  }
  return { key, id, existed: false, frames, pixelFrames };
}
