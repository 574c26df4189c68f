import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assertUsable, probeVideo, readFrames } from '../../data/video/index.js';
import type { PriorConfig } from '../config.js';
import { chooseClipFrames } from '../grid.js';
import { priorKey, sha256File } from '../key.js';
import type { SampleInput } from '../run-extract.js';
import { type Claim, claimState, releaseClaim, takeClaim } from './claim.js';

/** One row, as the thread that reads videos needs it. */
export interface PrepareRequest {
  /** The store's folder */
  dir: string;
  /** sha256 of the model's weights */
  model: string;
  dtype: string;
  video: string;
  text: string;
  options: PriorConfig;
  onBroken: 'fail' | 'use';
  /** Read the video even where a prior is there, because that one does not verify. */
  replace: boolean;
}

/** `exists`: there is a file of this key, not yet verified. `claimed`: another process computes it. */
export type Prepared =
  | { state: 'exists' | 'claimed'; key: string }
  | { state: 'ready'; key: string; claim: Claim; input: SampleInput };

/**
 * All of a row's work that needs no model: hash of the video, key, claim, frames. It must not load libtorch: it runs in
 * a thread beside it.
 * @throws UserError `ERR_VIDEO`; `ERR_WRITE` where no claim can be written
 */
export async function prepareRow(request: PrepareRequest): Promise<Prepared> {
  const { dir, model, dtype, video, text, options, onBroken, replace } = request;
  const sha256 = await hashOf(video, onBroken);
  const key = priorKey({ model, video: sha256, text, options, dtype });
  const there = () => !replace && existsSync(join(dir, `${key}.safetensors`));
  if (there()) {
    // Its process was killed between the file and the end of the claim.
    const left = claimState(dir, key) === 'void' ? takeClaim(dir, key) : null;
    if (left) releaseClaim(left);
    return { state: 'exists', key };
  }
  const claim = takeClaim(dir, key);
  if (!claim) return { state: 'claimed', key };
  try {
    // Another process may have finished it between the look and the claim.
    if (there()) {
      releaseClaim(claim);
      return { state: 'exists', key };
    }
    const frames = await readFrames(video, {
      choose: ({ count }) => chooseClipFrames(count, options.frames, options.oddLatents === 'drop-frames'),
      onBroken,
    });
    return { state: 'ready', key, claim, input: { key, sha256, frames } };
  } catch (error) {
    releaseClaim(claim);
    throw error;
  }
}

/** What is no file, or not to be read, is told as probing tells it. */
async function hashOf(video: string, onBroken: 'fail' | 'use'): Promise<string> {
  try {
    return await sha256File(video);
  } catch (error) {
    assertUsable(await probeVideo(video), onBroken);
    throw error;
  }
}
