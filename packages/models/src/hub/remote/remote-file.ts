/** A file of a repository at one commit. */
export interface RemoteFile {
  path: string;
  /** Bytes; null where the endpoint does not tell. */
  size: number | null;
  /** Name of its blob in the cache: the sha256 of a large (LFS) file, the git blob sha1 of others. */
  etag: string;
  /** The git blob sha1 where it is known: of an LFS file that of its pointer. */
  gitHash?: string;
}

/** All files of a repository at one commit. */
export interface Listing {
  commit: string;
  paths: string[];
  /** Size and hash of those files that the listing itself describes. */
  known: ReadonlyMap<string, RemoteFile>;
}

/** Whether a repository's path may become one in the cache: none may lead out of it. */
export function isInside(path: string): boolean {
  return path !== '' && !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && !/^\.{1,2}$/.test(part));
}

export function isEtag(value: unknown): value is string {
  return typeof value === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
