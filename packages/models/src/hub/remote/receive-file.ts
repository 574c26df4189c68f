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
 * breaks. Where a server answers badly to a request for the rest, the file is started again, and no rest is asked for any
 * more. Gives up after several attempts in a row that brought nothing new.
 * @param ranges false asks for no rest from the first
 * @param onBytes bytes that are there now; falls when a server cannot go on in the middle
 * @returns whether any of it is the rest of a file that was begun before
 */
export async function receiveFile(hub: Hub, o: ReceiveOptions): Promise<boolean> {
  const { file, partial, onBytes } = o;
  let { ranges = true } = o;
  const handle = await open(partial, constants.O_RDWR | constants.O_CREAT, 0o666).catch((error) => {
    throw writeError(partial, error);
  });
  try {
    const there = (await handle.stat()).size;
    // Without a size nobody knows what is missing; with too many bytes these are not the file's.
    let position = file.size === null || there > file.size || !ranges ? 0 : there;
    let continued = position > 0;
    if (position < there) await handle.truncate(position);
    onBytes(position);
    let best = position;
    for (let failures = 0; file.size === null || position < file.size; ) {
      if (!ranges) position = 0;
      let broken: unknown = null;
      try {
        const answer = await ask(hub, o, position);
        if (answer === null) {
          ranges = false;
          throw new Error('the server does not go on in the middle; the file is started again');
        }
        if (position > 0 && answer.response.status === 200) {
          // It sends all of it: the same bytes, from the beginning. Or so it says, where no length tells.
          if (!answer.response.headers.has('content-length')) ranges = false;
          position = 0;
        }
        continued ||= position > 0;
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
      failures = position > best ? 1 : failures + 1;
      best = Math.max(best, position);
      if (failures >= ATTEMPTS) throw keepsBreaking(hub, file, position, broken);
      hub.onNote(`${file.path}: ${reasonOf(broken)} at byte ${position}${ranges ? '; going on from there' : ''}`);
      await sleep(backOff(hub, failures), undefined, { signal: hub.signal });
    }
    if (file.size !== null && (await handle.stat()).size > file.size) await handle.truncate(position);
    await handle.datasync();
    return continued;
  } finally {
    await handle.close();
  }
}

interface ReceiveOptions {
  name: RepositoryName;
  file: RemoteFile;
  url: string;
  partial: string;
  ranges?: boolean;
  onBytes: (bytes: number) => void;
}

/** @returns null where the server answers the request for the rest in a way that cannot be trusted */
async function ask(hub: Hub, { name, file, url }: ReceiveOptions, position: number): Promise<Answer | null> {
  const answer = await request(hub, url, { headers: position > 0 ? { range: `bytes=${position}-` } : {} });
  const { response } = answer;
  const { status, headers } = response;
  const [, start, all] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const total = status === 200 && !headers.has('content-encoding') ? headers.get('content-length') : all;
  const slice = status === 200 && position > 0 && total !== null && Number(total) === (file.size ?? 0) - position;
  if (file.size !== null && total && !slice && [200, 206, 416].includes(status) && Number(total) !== file.size) {
    await response.body?.cancel();
    throw damaged(hub, name, file, `it has ${total} bytes, not ${file.size}`);
  }
  if (!slice && (status === 200 || (status === 206 && Number(start) === position))) return answer;
  await response.body?.cancel();
  if (position > 0 && [200, 206, 416].includes(status)) return null;
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
