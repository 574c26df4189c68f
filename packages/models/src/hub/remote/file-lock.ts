import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeError } from './hub-error.js';
import { makeCacheFolder } from './make-cache-folder.js';

const BEAT_MS = 5_000;
const STALE_MS = 60_000;
const POLL_MS = 100;

/**
 * Runs `work` while no other process does so under the same lock file. A lock whose process died is taken over.
 * It saves traffic, no more: whoever takes a lock over while its owner still works writes the same bytes to the same
 * places, and what was written is verified before it is used.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const owner = JSON.stringify({ pid: process.pid, host: hostname() });
  makeCacheFolder(dirname(path));
  const seen = { mtimeMs: Number.NaN, at: 0 };
  for (let waited = false; ; waited = true) {
    try {
      await writeFile(path, owner, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(path, error);
    }
    if (await isStale(path, seen)) await rm(path, { force: true });
    else {
      if (!waited) onWait();
      await sleep(POLL_MS, undefined, { signal });
    }
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(path, { force: true });
  }
}

/** @param seen the lock's time when it last changed, by our clock: its host's may be ahead */
async function isStale(path: string, seen: { mtimeMs: number; at: number }): Promise<boolean> {
  const [text, found] = await Promise.all([readFile(path, 'utf8').catch(() => null), stat(path).catch(() => null)]);
  if (text === null || found === null) return false;
  if (found.mtimeMs !== seen.mtimeMs) Object.assign(seen, { mtimeMs: found.mtimeMs, at: performance.now() });
  if (Date.now() - found.mtimeMs > STALE_MS || performance.now() - seen.at > STALE_MS) return true;
  const { pid, host } = /^\{"pid":(?<pid>\d+),"host":"(?<host>[^"]*)"\}$/.exec(text)?.groups ?? {};
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
