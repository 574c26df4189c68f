import { closeSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { hashFile } from './hash-file.js';
import { makeFolder } from './make-folder.js';
import { writeWhole } from './write-whole.js';

/** A file that was changed so short ago may change again without another time of change: clocks of file systems are coarse. */
const YOUNG_MS = 2000;

/** Of each file of hashes: what it said when it was read, and what this process added. */
const caches = new Map<string, Map<string, string>>();

/**
 * sha256 of a file's content, remembered by path, size and time of change in
 * `${XDG_CACHE_HOME:-~/.cache}/motion-enhancer/file-hashes.jsonl`: the videos of a data set are not read at every start.
 * @throws UserError ERR_FILE for what is no regular file; the system's error where it cannot be read
 */
export function rememberedHash(file: string): string {
  const path = resolve(file);
  const before = statSync(path);
  // A device or a pipe may never end.
  if (!before.isFile())
    throw new UserError(`Expected a regular file but received ${JSON.stringify(file)}, which is none.`, {
      code: 'ERR_FILE',
    });
  const id = idOf(path, before);
  const known = cacheOf(cachePath()).get(id);
  if (known !== undefined) return known;
  const hash = hashFile(path);
  const settled = Math.abs(Date.now() - before.mtimeMs) > YOUNG_MS && idOf(path, statSync(path)) === id;
  if (settled) remember(id, hash);
  return hash;
}

/** What is remembered of a file as it is now; null where nothing is. @throws the system's error for what is not there */
export function knownHash(file: string): string | null {
  const path = resolve(file);
  return cacheOf(cachePath()).get(idOf(path, statSync(path))) ?? null;
}

/** Remembers a hash that is known without reading the file again. */
export function rememberHash(file: string, hash: string): void {
  const path = resolve(file);
  remember(idOf(path, statSync(path)), hash);
}

const cachePath = () =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'motion-enhancer', 'file-hashes.jsonl');

function remember(id: string, hash: string): void {
  cacheOf(cachePath()).set(id, hash);
  append(cachePath(), id, hash);
}

const idOf = (path: string, { size, mtimeMs }: Stats) => JSON.stringify([path, size, mtimeMs]);

function cacheOf(cachePath: string): Map<string, string> {
  let cache = caches.get(cachePath);
  if (!cache) {
    cache = read(cachePath);
    caches.set(cachePath, cache);
  }
  return cache;
}

/** A damaged line, or one that a killed process left half, counts as absent. */
function read(cachePath: string): Map<string, string> {
  const cache = new Map<string, string>();
  let text = '';
  try {
    text = readFileSync(cachePath, 'utf8');
  } catch {
    // There is none yet.
  }
  for (const line of text.split('\n')) {
    try {
      const [path, size, mtimeMs, hash] = JSON.parse(line) as [string, number, number, string];
      if (/^[0-9a-f]{64}$/.test(hash)) cache.set(JSON.stringify([path, size, mtimeMs]), hash);
    } catch {}
  }
  return cache;
}

/** One line in one write: several processes add at once. A cache that cannot be written only costs time. */
function append(cachePath: string, id: string, hash: string): void {
  try {
    makeFolder(dirname(cachePath));
    const fd = openSync(cachePath, 'a', 0o644);
    try {
      writeWhole(fd, `\n${id.slice(0, -1)},"${hash}"]\n`);
    } finally {
      closeSync(fd);
    }
  } catch {}
}
