import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rememberHash } from '@motion-enhancer/support';
import { withLock } from './file-lock.js';
import { HubError } from './hub-error.js';
import { fileUrl } from './list-repository.js';
import { makeCacheFolder } from './make-cache-folder.js';
import { receiveFile } from './receive-file.js';
import type { RemoteFile } from './remote-file.js';
import type { RepositoryCache } from './repository-cache.js';
import type { RepositoryName } from './repository-name.js';
import type { Hub } from './request.js';
import { damaged } from './response-error.js';
import { verifyFile } from './verify-file.js';

/**
 * Makes a file of a commit present in the cache, verified.
 * @throws HubError `ERR_HUB_HASH` when the endpoint delivers other bytes than it says; they are removed
 */
export async function downloadFile(
  hub: Hub,
  cache: RepositoryCache,
  o: { name: RepositoryName; commit: string; file: RemoteFile; onBytes: (bytes: number) => void },
): Promise<void> {
  const { name, commit, file, onBytes } = o;
  if (!(await cache.hasBlob(file))) {
    const onWait = () => hub.onNote(`${file.path}: another process fetches it; waiting`);
    await withLock(cache.lock(file.etag), hub.signal, onWait, async () => {
      if (!(await cache.hasBlob(file))) await receiveBlob(hub, cache, { name, commit, file, onBytes });
    });
  }
  await cache.link(commit, file);
}

async function receiveBlob(
  hub: Hub,
  cache: RepositoryCache,
  { name, commit, file, onBytes }: Parameters<typeof downloadFile>[2],
): Promise<void> {
  const partial = cache.partial(file.etag);
  const url = fileUrl(hub, name, commit, file.path);
  makeCacheFolder(dirname(partial));
  for (let ranges = true; ; ranges = false) {
    try {
      const continued = await receiveFile(hub, { name, file, url, partial, ranges, onBytes });
      const wrong = await verifyFile(partial, file);
      if (wrong === null) {
        await rename(partial, cache.blob(file.etag));
        if (file.etag.length === 64) rememberHash(cache.blob(file.etag), file.etag);
        return;
      }
      await rm(partial, { force: true });
      // Bytes of an earlier run may have been spoilt by a crash, and a server may send another rest than was asked for:
      // then all is fetched once more, in one piece.
      if (!continued) throw damaged(hub, name, file, wrong);
      hub.onNote(`${file.path}: ${wrong}; fetching it again from the beginning`);
    } catch (error) {
      if (error instanceof HubError && error.code === 'ERR_HUB_HASH') await rm(partial, { force: true });
      // Whoever took over a lock that seemed abandoned was faster: the file is there, verified.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await cache.hasBlob(file))) return;
      throw error;
    }
  }
}
