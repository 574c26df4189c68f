import { UserError } from '@motion-enhancer/support';
import type * as Constants from 'node-av/constants';
import type * as Lib from 'node-av/lib';

/** FFmpeg 8 as node-av binds it: the low-level classes and the constants. */
export interface Av {
  lib: typeof Lib;
  constants: typeof Constants;
}

let loading: Promise<Av> | undefined;

/**
 * Loads FFmpeg on first use (0.2 s, a binary of 175 MB): commands that read no video never pay for it.
 * @throws {UserError} `ERR_VIDEO_LIBRARY` when the platform's binary is not installed.
 */
export function loadAv(): Promise<Av> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Av> {
  try {
    const [lib, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')]);
    // FFmpeg would write to the terminal over our progress bar; what it reports we learn from its return codes.
    lib.Log.setLevel(constants.AV_LOG_QUIET);
    return { lib, constants };
  } catch (cause) {
    loading = undefined;
    throw new UserError(
      `Expected the video decoder node-av for ${process.platform}-${process.arch} but it did not load. ` +
        `Install it: npm install --ignore-scripts node-av @seydx/node-av-${process.platform}-${process.arch}`,
      { code: 'ERR_VIDEO_LIBRARY', cause },
    );
  }
}
