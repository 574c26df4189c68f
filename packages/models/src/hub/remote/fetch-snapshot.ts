import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadFile } from './download-file.js';
import { HubError } from './hub-error.js';
import { describeFile, listRepository } from './list-repository.js';
import { makeCacheFolder } from './make-cache-folder.js';
import type { Listing, RemoteFile } from './remote-file.js';
import type { RepositoryCache } from './repository-cache.js';
import { isCommit, type RepositoryName } from './repository-name.js';
import type { Hub } from './request.js';
import { matchFiles, neededFiles, neededIndexes } from './select-files.js';

/** How far fetching is. Files that were in the cache count as fetched. */
export interface FetchProgress {
  /** The file that the news is about. */
  file: string;
  bytes: number;
  totalBytes: number;
  files: number;
  totalFiles: number;
}

/** Large files share the line anyway; of small ones several are on their way at once. */
const AT_ONCE = 4;

/**
 * Fetches what a repository has of some files, and returns the folder of its snapshot.
 *
 * Why not the npm package @huggingface/hub: its `downloadFileToCacheDir` (2.17.5) starts again after a break, verifies
 * neither hash nor size, repeats nothing after 429 or 5xx, lets two processes write one `.incomplete` file and has no
 * offline mode; around what is left (three requests) it would add 0.7 MB.
 */
export async function fetchSnapshot(
  hub: Hub,
  cache: RepositoryCache,
  name: RepositoryName,
  o: { files: readonly string[]; onProgress: (progress: FetchProgress) => void },
): Promise<string> {
  // A commit's files never change: what is listed in the cache needs no question.
  const kept = isCommit(name.revision) ? await cache.readTree(name.revision) : null;
  const listing = kept ?? (await listRepository(hub, name));
  const { commit } = listing;
  const files = await planFiles(hub, cache, name, listing, o.files);
  const present = await Promise.all(files.map((file) => cache.hasFile(commit, file)));
  const absent = files.filter((_, i) => !present[i]);
  if (absent.length > 0) {
    await checkSpace(hub, cache, absent);
    const count = progressCounter(files, o.onProgress);
    files.forEach((file, i) => {
      if (present[i]) count(file, file.size ?? 0, true);
    });
    await eachAtOnce(absent, AT_ONCE, hub, async (file, inner) => {
      await downloadFile(inner, cache, { name, commit, file, onBytes: (bytes) => count(file, bytes, false) });
      count(file, file.size ?? 0, true);
    });
  }
  // The revision is recorded last: until then an earlier, whole snapshot is what it means offline.
  await Promise.all([cache.writeTree(listing), cache.writeRef(name.revision, commit)]).catch((error: unknown) => {
    // A shared cache may be read-only, which matters only when something has to be written.
    if (absent.length > 0) throw error;
  });
  return cache.snapshot(commit);
}

async function planFiles(
  hub: Hub,
  cache: RepositoryCache,
  name: RepositoryName,
  listing: Listing,
  patterns: readonly string[],
): Promise<RemoteFile[]> {
  const { commit } = listing;
  const matching = matchFiles(listing.paths, patterns);
  if (matching.length === 0) {
    throw new HubError(
      'ERR_HUB_FILE',
      `${name.id} at ${name.revision} has none of ${patterns.join(', ')}. It is no checkpoint of the kind that is needed here: check its name.`,
    );
  }
  const indexes = new Map<string, string>();
  for (const path of neededIndexes(matching)) {
    const file = await describeFile(hub, name, listing, path);
    if (!(await cache.hasFile(commit, file))) await downloadFile(hub, cache, { name, commit, file, onBytes: () => {} });
    indexes.set(path, await readFile(join(cache.snapshot(commit), path), 'utf8'));
  }
  const files: RemoteFile[] = [];
  for (const path of neededFiles(matching, indexes)) files.push(await describeFile(hub, name, listing, path));
  return files;
}

/** Fails before 20 GB are on their way to a disk that cannot hold them. */
async function checkSpace(hub: Hub, cache: RepositoryCache, absent: readonly RemoteFile[]): Promise<void> {
  makeCacheFolder(cache.dir);
  const space = await statfs(cache.dir).catch(() => null);
  const there = await Promise.all(
    absent.map((file) =>
      stat(cache.partial(file.etag)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const needed = absent.reduce((sum, file, i) => sum + Math.max(0, (file.size ?? 0) - there[i]!), 0);
  if (space && space.bavail * space.bsize < needed) {
    throw new HubError(
      'ERR_HUB_DISK_FULL',
      `${hub.settings.cache}: the disk is too full for the checkpoint: it needs ${needed} bytes, ${space.bavail * space.bsize} are free. Free space, or set HF_HUB_CACHE to a folder on a larger disk.`,
    );
  }
}

function progressCounter(files: readonly RemoteFile[], onProgress: (progress: FetchProgress) => void) {
  const totalBytes = files.reduce((sum, file) => sum + (file.size ?? 0), 0);
  const bytesOf = new Map<string, number>();
  let bytes = 0;
  let done = 0;
  return (file: RemoteFile, now: number, finished: boolean) => {
    bytes += now - (bytesOf.get(file.path) ?? 0);
    bytesOf.set(file.path, now);
    if (finished) done++;
    onProgress({ file: file.path, bytes, totalBytes, files: done, totalFiles: files.length });
  };
}

/** Runs `work` for each item, some at once; the first failure ends the others and is thrown when they have ended. */
async function eachAtOnce<T>(
  items: readonly T[],
  limit: number,
  hub: Hub,
  work: (item: T, hub: Hub) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const inner = { ...hub, signal: AbortSignal.any([hub.signal, stop.signal]) };
  const waiting = [...items];
  let failure: { error: unknown } | null = null;
  const runners = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (let item = waiting.shift(); item !== undefined && !failure; item = waiting.shift()) {
      try {
        await work(item, inner);
      } catch (error) {
        failure ??= { error };
        stop.abort();
      }
    }
  });
  await Promise.all(runners);
  if (failure) throw (failure as { error: unknown }).error;
}
