import { makeFolder } from '@motion-enhancer/support';
import { HubError, writeError } from './hub-error.js';

/**
 * Makes a folder of the cache, and those above it.
 * @throws HubError ERR_HUB_DISK_FULL, or ERR_HUB_CACHE where that is not possible for any other reason
 */
export function makeCacheFolder(dir: string): void {
  try {
    makeFolder(dir);
  } catch (error) {
    const { cause } = error as Error;
    const failure = writeError(dir, cause);
    if (failure instanceof HubError) throw failure;
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new HubError(
      'ERR_HUB_CACHE',
      `The folder ${dir} cannot be made (${why}). Set HF_HUB_CACHE to a folder that you may write.`,
      error,
    );
  }
}
