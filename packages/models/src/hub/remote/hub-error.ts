import { UserError } from '@motion-enhancer/support';

export type HubErrorCode =
  /** No such repository, or none that the token may see. */
  | 'ERR_HUB_REPOSITORY'
  | 'ERR_HUB_REVISION'
  /** The repository lacks a needed file. */
  | 'ERR_HUB_FILE'
  /** Gated, private or a bad token. */
  | 'ERR_HUB_ACCESS'
  /** HF_HUB_OFFLINE is set and the cache lacks something. */
  | 'ERR_HUB_OFFLINE'
  /** The endpoint cannot be reached, or connections to it keep breaking. */
  | 'ERR_HUB_NETWORK'
  /** The endpoint answers, but with errors or with what is no answer of such an endpoint. */
  | 'ERR_HUB_SERVER'
  /** What came is not what the endpoint said would come. */
  | 'ERR_HUB_HASH'
  | 'ERR_HUB_DISK_FULL'
  /** The cache folder cannot be written. */
  | 'ERR_HUB_CACHE';

/**
 * A checkpoint could not be fetched; the message names the repository, file or folder, and the remedy.
 * Its `name` stays UserError: the command line prints errors of that name without a stack.
 */
export class HubError extends UserError {
  declare readonly code: HubErrorCode;

  constructor(code: HubErrorCode, message: string, cause?: unknown) {
    super(message, { code, cause });
  }
}

/** A failed write into the cache, as the user sees it. */
export function writeError(path: string, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new HubError(
        'ERR_HUB_DISK_FULL',
        `${path}: the disk is full. Free space (what was fetched is kept and continued), or set HF_HUB_CACHE to a folder on a larger disk.`,
        error,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
      return new HubError(
        'ERR_HUB_CACHE',
        `${path} cannot be written (${(error as NodeJS.ErrnoException).code}). Set HF_HUB_CACHE to a folder that you may write.`,
        error,
      );
    default:
      return error;
  }
}
