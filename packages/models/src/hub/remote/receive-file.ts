import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubError, writeError } from './hub-error.js';
import type { RemoteFile } from './remote-file.js';
import type { RepositoryName } from './repository-name.js';
import { type Answer, ATTEMPTS, backOff, type Hub, reasonOf, request } from './request.js';
import { damaged, responseError } from './response-error.js';

/**
 * Brings the bytes of a file to `partial`, going on behind those that are there, and again wherever the connection
 * breaks. Gives up after several attempts in a row that brought nothing.
 * @param onBytes bytes that are there now; falls when a server cannot go on in the middle
 */
export async function receiveFile(
  hub: Hub,
  o: { name: RepositoryName; file: RemoteFile; url: string; partial: string; onBytes: (bytes: number) => void },
): Promise<void> {
  const { file, partial, onBytes } = o;
  const handle = await open(partial, constants.O_RDWR | constants.O_CREAT, 0o666).catch((error) => {
    throw writeError(partial, error);
  });
  try {
    const there = (await handle.stat()).size;
    // Without a size nobody knows what is missing; with too many bytes these are not the file's.
    let position = file.size === null || there > file.size ? 0 : there;
    if (position < there) await handle.truncate(position);
    onBytes(position);
    for (let failures = 0; file.size === null || position < file.size; ) {
      const before = position;
      let broken: unknown = null;
      const answer = await ask(hub, o, position);
      try {
        // A server that cannot go on in the middle sends all of it: the same bytes, from the beginning.
        if (answer.response.status === 200) position = 0;
        for await (const chunk of chunks(answer, hub)) {
          await writeAll(handle, chunk, position, partial);
          position += chunk.byteLength;
          onBytes(position);
          if (file.size !== null && position > file.size) break;
        }
        if (file.size === null) break;
        if (position < file.size) broken = new Error('the connection ended early');
      } catch (error) {
        hub.signal.throwIfAborted();
        if (error instanceof HubError) throw error;
        broken = error;
      }
      if (broken === null) break;
      failures = position > before ? 1 : failures + 1;
      if (failures >= ATTEMPTS) throw keepsBreaking(hub, file, position, broken);
      hub.onNote(`${file.path}: ${reasonOf(broken)} at byte ${position}; going on from there`);
      await sleep(backOff(hub, failures), undefined, { signal: hub.signal });
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function ask(
  hub: Hub,
  { name, file, url }: { name: RepositoryName; file: RemoteFile; url: string },
  position: number,
): Promise<Answer> {
  const answer = await request(hub, url, { headers: position > 0 ? { range: `bytes=${position}-` } : {} });
  const { response } = answer;
  const { status, headers } = response;
  const [, start, all] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const total = status === 200 && !headers.has('content-encoding') ? headers.get('content-length') : all;
  if (file.size !== null && total && [200, 206, 416].includes(status) && Number(total) !== file.size) {
    await response.body?.cancel();
    throw damaged(hub, name, file, `it has ${total} bytes, not ${file.size}`);
  }
  if (status === 200 || (status === 206 && Number(start) === position)) return answer;
  await response.body?.cancel();
  if (status >= 400 && status !== 416) throw responseError(response, name, file.path, hub.settings);
  throw new HubError(
    'ERR_HUB_SERVER',
    `${new URL(url).host} answered ${status} (${headers.get('content-range') ?? 'no range'}) for ${file.path} from byte ${position}. Check HF_ENDPOINT, or remove the file's *.incomplete from the cache.`,
  );
}

/** The body, broken off when nothing comes for too long. */
async function* chunks({ response, abort }: Answer, hub: Hub): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  let timer = setTimeout(abort, hub.settings.timeoutMs);
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(abort, hub.settings.timeoutMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle
      .write(chunk, done, chunk.byteLength - done, position + done)
      .catch((error: unknown) => {
        throw writeError(path, error);
      });
    done += bytesWritten;
  }
}

function keepsBreaking(hub: Hub, file: RemoteFile, position: number, cause: unknown): HubError {
  return new HubError(
    'ERR_HUB_NETWORK',
    `${hub.settings.endpoint}: the connection for ${file.path} keeps breaking at byte ${position} of ${file.size} (${reasonOf(cause)}). Run it again: what was fetched is kept and continued.`,
    cause,
  );
}
