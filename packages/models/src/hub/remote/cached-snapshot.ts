import { existsSync, realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { isEtag } from './remote-file.js';
import type { RepositoryCache } from './repository-cache.js';
import type { RepositoryName } from './repository-name.js';
import { matchFiles, neededFiles, neededIndexes, shardNames } from './select-files.js';
import { verifyKnown } from './verify-file.js';

/** A snapshot in the cache, and what it lacks of the needed files, as far as that can be known without the endpoint. */
export interface CachedSnapshot {
  dir: string;
  missing: string[];
}

/**
 * Looks a revision up in the cache alone; null when nothing of it is there.
 * @param withoutRefs take the only snapshot there is where no ref names one: a copy, or half of a download
 */
export async function cachedSnapshot(
  cache: RepositoryCache,
  name: RepositoryName,
  patterns: readonly string[],
  { withoutRefs = false }: { withoutRefs?: boolean } = {},
): Promise<CachedSnapshot | null> {
  // Only the default revision: another name may mean another commit.
  const alone = withoutRefs && name.revision === 'main';
  const commit = (await cache.commitOf(name.revision)) ?? (alone ? await cache.onlyCommit() : null);
  if (commit === null || !existsSync(cache.snapshot(commit))) return null;
  const dir = cache.snapshot(commit);
  const found = (await readdir(dir, { recursive: true })).map((path) => path.split(/[\\/]/).join('/'));
  // Links whose blob is gone do not count.
  const there = new Set(matchFiles(found, patterns).filter((path) => existsSync(join(dir, path))));
  const damaged = await damagedFiles(dir, [...there]);
  const listed = await cache.readTree(commit);
  const wanted = listed ? matchFiles(listed.paths, patterns) : [...there];
  const indexes = new Map<string, string>();
  const missing = new Set<string>();
  for (const path of neededIndexes(wanted)) {
    if (there.has(path)) indexes.set(path, await readFile(join(dir, path), 'utf8'));
    else missing.add(path);
  }
  // Without a list of the commit's files only the indexes tell of files that are not there.
  const shards = [...indexes].flatMap(([path, text]) =>
    [...shardNames(path, text)].map((shard) => posix.join(posix.dirname(path), shard)),
  );
  for (const path of neededFiles([...new Set([...wanted, ...shards])], indexes))
    if (!there.has(path)) missing.add(path);
  if (there.size === 0) for (const pattern of patterns) missing.add(pattern);
  for (const path of damaged) missing.add(`${path} (its bytes are damaged)`);
  return { dir, missing: [...missing].sort() };
}

/** Files whose bytes are not those that their blob's name says. */
async function damagedFiles(dir: string, paths: readonly string[]): Promise<string[]> {
  const damaged: string[] = [];
  for (const path of paths) {
    const blob = realpathSync(join(dir, path));
    const etag = basename(blob);
    if (isEtag(etag) && (await verifyKnown(blob, { path, size: null, etag })) !== null) damaged.push(path);
  }
  return damaged;
}
