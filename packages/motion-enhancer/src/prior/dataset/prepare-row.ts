import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Claim, claimState, releaseClaim, takeClaim } from '@motion-enhancer/support';
import { boundedFit } from '../../data/image/bounded-fit.js';
import { readImage } from '../../data/image/read-image.js';
import { assertUsable, probeVideo } from '../../data/video/index.js';
import { clipRule } from '../clip-rule.js';
import type { PriorConfig } from '../config.js';
import type { FrameRule } from '../diffusion/frame-rule.js';
import { chooseClipFrames } from '../grid.js';
import type { SampleInput } from '../run-extract.js';
import { priorKey } from '../store/key.js';
import { hashSource, readSource, type VideoSource } from '../video-source.js';

/** One row, as the thread that reads videos needs it. */
export interface PrepareRequest {
  /** The store's folder */
  dir: string;
  /** sha256 of the model's weights */
  model: string;
  dtype: string;
  video: VideoSource;
  text: string;
  options: PriorConfig;
  /** How many frames the model takes. */
  frameRule: FrameRule;
  /** Options of further selections from the same pass. */
  selections: readonly PriorConfig[];
  onBroken: 'fail' | 'use';
  /** Read the video even where a prior is there, because that one does not verify. */
  replace: boolean;
}

/**
 * `exists`: there are files of this key and of all further ones, not yet verified. `claimed`: another process computes
 * them.
 */
export type Prepared =
  | { state: 'exists'; key: string; keys: string[] }
  | { state: 'claimed'; key: string }
  | { state: 'ready'; key: string; claim: Claim; input: SampleInput };

/**
 * All of a row's work that needs no model: hash of the video, key, claim, frames. It must not load libtorch: it runs in
 * a thread beside it.
 * @throws UserError `ERR_VIDEO`; `ERR_WRITE` where no claim can be written
 */
export async function prepareRow(request: PrepareRequest): Promise<Prepared> {
  const { dir, model, dtype, video, text, options, selections, onBroken, replace } = request;
  const { sha256, identity } = await hashOf(video, onBroken);
  const keyOf = (o: PriorConfig) => priorKey({ model, video: identity, text, options: o, dtype });
  const key = keyOf(options);
  const keys = [key, ...selections.map(keyOf)];
  const there = () => !replace && keys.every((one) => existsSync(join(dir, `${one}.safetensors`)));
  if (there()) {
    // Its process was killed between the file and the end of the claim.
    const left = claimState(dir, key) === 'void' ? takeClaim(dir, key) : null;
    if (left) releaseClaim(left);
    return { state: 'exists', key, keys };
  }
  const claim = takeClaim(dir, key);
  if (!claim) return { state: 'claimed', key };
  try {
    // Another process may have finished it between the look and the claim.
    if (there()) {
      releaseClaim(claim);
      return { state: 'exists', key, keys };
    }
    const choose = (count: number) => chooseClipFrames(count, options.frames, clipRule(options, request.frameRule));
    const fit = boundedFit(() => options);
    const frames = await readSource(video, choose, onBroken, fit);
    return { state: 'ready', key, claim, input: { key, sha256, identity, frames } };
  } catch (error) {
    releaseClaim(claim);
    throw error;
  }
}

/** What is no file, or not to be read, is told as probing tells it. */
async function hashOf(video: VideoSource, onBroken: 'fail' | 'use'): Promise<ReturnType<typeof hashSource>> {
  try {
    return hashSource(video);
  } catch (error) {
    if ('path' in video) assertUsable(await probeVideo(video.path), onBroken);
    else for (const path of video.paths) await readImage(path);
    throw error;
  }
}
