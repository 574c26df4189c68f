import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export interface SeenRequest {
  method: string;
  path: string;
  range: string | null;
  authorization: string | null;
}

/** Takes a request over; false leaves it to the well-behaved server. */
export type Misbehaviour = (request: SeenRequest, response: ServerResponse) => boolean;

export interface TestHubOptions {
  files: Record<string, Buffer | string>;
  /** Files that the server lists as LFS files, by their sha256; those ending in .safetensors by default. */
  isLfs?: (path: string) => boolean;
  misbehave?: Misbehaviour;
  /** Delivers LFS files from here. */
  cdn?: TestServer;
  /** Without sizes and hashes in the listing, as small mirrors answer. */
  bareListing?: boolean;
  /** Changes the listing before it is sent. */
  listing?: (info: { sha: string; siblings: Record<string, unknown>[] }) => unknown;
  /** Without X-Error-Code. */
  silent?: boolean;
}

export interface TestServer {
  url: string;
  requests: SeenRequest[];
}

export const REPOSITORY = 'some-org/some.model';
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
export const gitHash = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

const folders: string[] = [];
process.on('exit', () => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

/** A new folder that is gone when the process ends. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'motion-enhancer-hub-'));
  folders.push(dir);
  return dir;
}

export const noise = (bytes: number) => randomBytes(bytes);

/** A server of this machine that records its requests, until the tests of this file have ended. */
export async function startServer(
  answer: (seen: SeenRequest, response: ServerResponse) => void | Promise<void>,
): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      range: request.headers.range ?? null,
      authorization: request.headers.authorization ?? null,
    };
    requests.push(seen);
    void answer(seen, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** One repository, as huggingface.co serves it. */
export async function startHub(o: TestHubOptions): Promise<TestServer> {
  const files = new Map(Object.entries(o.files).map(([path, content]) => [path, Buffer.from(content)]));
  const isLfs = o.isLfs ?? ((path: string) => path.endsWith('.safetensors'));
  const siblings = [...files].map(([path, bytes]) => ({
    rfilename: path,
    ...(o.bareListing
      ? {}
      : {
          size: bytes.length,
          blobId: gitHash(bytes),
          ...(isLfs(path) ? { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 134 } } : {}),
        }),
  }));
  const refuse = (response: ServerResponse, status: number, kind: string) =>
    response.writeHead(status, o.silent ? {} : { 'x-error-code': kind }).end('no');
  return startServer((seen, response) => {
    if (o.misbehave?.(seen, response)) return;
    const url = new URL(seen.path, 'http://x');
    const api = /^\/api\/models\/some-org\/some\.model(?:\/revision\/(.+))?$/.exec(url.pathname);
    if (api) {
      const revision = api[1];
      if (revision && ![COMMIT, 'main', 'refs%2Fpr%2F1'].includes(revision))
        return void refuse(response, 404, 'RevisionNotFound');
      const info = { sha: COMMIT, siblings };
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(o.listing?.(info) ?? info));
    }
    const [, path] = /^\/some-org\/some\.model\/resolve\/[^/]+\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (path === undefined) return void refuse(response, 404, 'RepoNotFound');
    const bytes = files.get(path);
    if (!bytes) return void refuse(response, 404, 'EntryNotFound');
    response.setHeader('x-repo-commit', COMMIT);
    if (isLfs(path)) {
      response.setHeader('x-linked-etag', `"${sha256(bytes)}"`);
      response.setHeader('x-linked-size', bytes.length);
      if (o.cdn) return void response.writeHead(302, { location: `${o.cdn.url}/${path}?signed` }).end();
    } else response.setHeader('etag', `"${gitHash(bytes)}"`);
    sendBytes(seen, response, bytes);
  });
}

/** Sends bytes, or the range of them that is asked for. */
export function sendBytes(seen: SeenRequest, response: ServerResponse, bytes: Buffer): void {
  const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0);
  if (start >= bytes.length && start > 0) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    return;
  }
  const body = bytes.subarray(start);
  if (seen.range) response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  response.writeHead(seen.range ? 206 : 200, { 'content-length': body.length });
  response.end(seen.method === 'HEAD' ? undefined : body);
}

/** Sends the first `count` of the bytes that are asked for and then breaks the connection. */
export function sendAndBreak(seen: SeenRequest, response: ServerResponse, bytes: Buffer, count: number): void {
  const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0);
  if (seen.range) response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  response.writeHead(seen.range ? 206 : 200, { 'content-length': bytes.length - start });
  response.write(bytes.subarray(start, start + count), () => setTimeout(() => response.destroy(), 20));
}
