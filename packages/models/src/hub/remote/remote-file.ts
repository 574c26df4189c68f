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
