import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isEtag } from './remote-file.js';
import { type Environment, hubSettings } from './settings.js';
import { verifyFile } from './verify-file.js';

export interface CacheCheck {
  cache: string;
  files: number;
  bytes: number;
  /** Blobs whose bytes are not those that their names say. */
  bad: { path: string; why: string }[];
}

/** Reads every file of huggingface_hub's cache in full and holds it against its name, which is its hash. Changes nothing. */
export async function verifyCache(env?: Environment, onFile: (path: string) => void = () => {}): Promise<CacheCheck> {
  const { cache } = hubSettings(env);
  const found: CacheCheck = { cache, files: 0, bytes: 0, bad: [] };
  for (const repository of await readdir(cache).catch(() => [])) {
    const blobs = join(cache, repository, 'blobs');
    for (const etag of await readdir(blobs).catch(() => [])) {
      if (!isEtag(etag)) continue;
      const path = join(blobs, etag);
      onFile(path);
      const why = await verifyFile(path, { path: etag, size: null, etag }).catch((error: Error) => error.message);
      if (why !== null) found.bad.push({ path, why });
      found.files++;
      found.bytes += await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
    }
  }
  return found;
}
