import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';
import { megabytes } from './progress.mjs';

const MANIFEST = 'complete.json';

/** `${XDG_CACHE_HOME:-~/.cache}/motion-enhancer`: where fetched libraries live, shared by all checkouts of this user. */
export function cacheRoot(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'motion-enhancer');
}

/** The manifest of a finished cache folder, or undefined when it is absent, unfinished, or a listed file has another size. */
export function readManifest(folder) {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    const whole = Object.entries(manifest.files).every(([name, size]) => statSync(join(folder, name)).size === size);
    return whole ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Fills a cache folder all or nothing: `fill` works in a temporary sibling, which takes the final name by one rename.
 * A folder that is already complete is left alone; a damaged one is replaced. `fill(temporary)` returns the manifest,
 * whose `files` maps paths to byte sizes.
 */
export async function fillCache(folder, needBytes, fill) {
  const present = readManifest(folder);
  if (present) return present;
  const temporary = `${folder}.part-${process.pid}`;
  try {
    mkdirSync(temporary, { recursive: true });
    checkSpace(temporary, needBytes);
    const manifest = await fill(temporary);
    writeFileSync(join(temporary, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    if (!readManifest(temporary))
      throw new Error(`The files written to ${temporary} do not have the sizes just recorded.`);
    if (!readManifest(folder)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    }
    return readManifest(folder);
  } catch (error) {
    throw asSetupError(error, folder);
  } finally {
    // Where the folder could not even be made, there is nothing to remove.
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
  }
}

/** Throws a SetupError when the file system that holds `folder` has less than `needBytes` free. */
export function checkSpace(folder, needBytes, statfs = statfsSync) {
  const { bavail, bsize } = statfs(folder);
  const free = bavail * bsize;
  if (free >= needBytes) return;
  throw new SetupError(
    `Expected ${megabytes(needBytes)} free for ${folder} but only ${megabytes(free)} are left.`,
    'free some space, or point the cache to a larger disk: `XDG_CACHE_HOME=/large/disk npm run setup`.',
  );
}

function asSetupError(error, folder) {
  if (error?.code === 'ENOSPC') {
    return new SetupError(
      `The disk is full while writing ${folder}.`,
      'free some space, or point the cache to a larger disk: `XDG_CACHE_HOME=/large/disk npm run setup`.',
      { cause: error },
    );
  }
  if (['EACCES', 'EROFS', 'EPERM', 'ENOTDIR'].includes(error?.code)) {
    return new SetupError(
      `The cache folder ${folder} cannot be written.`,
      'point the cache to a folder of yours: `XDG_CACHE_HOME=/some/folder npm run setup`.',
      { cause: error },
    );
  }
  return error;
}
