// Mirrors that answer the request for the rest of a file badly, caches that changed, proxies.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolveCheckpoint } from './resolve-checkpoint.js';
import {
  COMMIT,
  noise,
  REPOSITORY,
  type SeenRequest,
  sendAndBreak,
  sha256,
  startHub,
  temporaryFolder,
} from './testing.js';
import { verifyCache } from './verify-cache.js';

const weights = noise(300_000);
const files = { 'config.json': '{}', 'model.safetensors': weights };

function fetching(url: string, home = temporaryFolder(), more: Record<string, string> = {}) {
  const notes: string[] = [];
  const env = { HF_ENDPOINT: url, HF_HOME: home, ...more };
  const run = () =>
    resolveCheckpoint(REPOSITORY, {
      files: ['*.json', '*.safetensors'],
      env,
      retryDelayMs: 1,
      onNote: (note) => notes.push(note),
    });
  return { run, notes, env, home };
}

/** Answers to a request for the rest that are of no use. */
const BAD: Record<string, (start: number, response: ServerResponse, seen: SeenRequest) => void> = {
  '206 without Content-Range': (start, response) =>
    void response.writeHead(206, { 'content-length': weights.length - start }).end(weights.subarray(start)),
  '206 of another range': (_, response) =>
    void response
      .writeHead(206, { 'content-range': `bytes 7-${weights.length - 1}/${weights.length}` })
      .end(weights.subarray(7)),
  '416': (_, response) => void response.writeHead(416).end(),
  '200 with a slice': (start, response) =>
    void response.writeHead(200, { 'content-length': weights.length - start }).end(weights.subarray(start)),
  '200 with a slice of unknown length': (start, response) => void response.writeHead(200).end(weights.subarray(start)),
  'other bytes than asked for': (start, response) =>
    void response
      .writeHead(206, {
        'content-range': `bytes ${start}-${weights.length - 1}/${weights.length}`,
        'content-length': weights.length - start,
      })
      .end(weights.subarray(0, weights.length - start)),
};

for (const [name, answer] of Object.entries(BAD))
  test(`a mirror that breaks a download and answers the range with ${name}: the file is started again`, async () => {
    let whole = 0;
    const hub = await startHub({
      files,
      misbehave(seen, response) {
        if (!seen.path.endsWith('model.safetensors') || seen.method === 'HEAD') return false;
        const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0);
        if (start > 0) answer(start, response, seen);
        else if (whole++ === 0) sendAndBreak(seen, response, weights, 100_000);
        else return false;
        return true;
      },
    });
    const { run } = fetching(hub.url);
    assert.deepEqual(readFileSync(join(await run(), 'model.safetensors')), weights);
    assert.equal(whole, 2, 'once broken, once in one piece');
  });

test('a server that breaks every attempt at the same byte and knows no ranges is given up', async () => {
  const hub = await startHub({
    files,
    misbehave(seen, response) {
      if (!seen.path.endsWith('model.safetensors') || seen.method === 'HEAD') return false;
      if (seen.range) response.writeHead(416).end();
      else sendAndBreak(seen, response, weights, 1000);
      return true;
    },
  });
  await assert.rejects(fetching(hub.url).run(), { code: 'ERR_HUB_NETWORK', message: /keeps breaking at byte/ });
});

test('a cached file whose bytes changed is fetched again; offline it is reported; doctor --cache finds it', async () => {
  process.env.XDG_CACHE_HOME = temporaryFolder();
  const hub = await startHub({ files });
  const { run, env } = fetching(hub.url);
  const dir = await run();
  const blob = realpathSync(join(dir, 'model.safetensors'));
  assert.deepEqual((await verifyCache(env)).bad, []);
  const spoil = (seconds: number) => {
    const bytes = readFileSync(blob);
    bytes[5]! ^= 1;
    writeFileSync(blob, bytes);
    utimesSync(blob, seconds, seconds);
  };
  spoil(1000);
  const offline = { ...env, HF_HUB_OFFLINE: '1' };
  const again = (given: Record<string, string>) =>
    resolveCheckpoint(REPOSITORY, { files: ['*.json', '*.safetensors'], env: given });
  await assert.rejects(again(offline), {
    code: 'ERR_HUB_OFFLINE',
    message: /model\.safetensors \(its bytes are damaged\)/,
  });
  const checked = await verifyCache(env);
  assert.deepEqual(
    [checked.files, checked.bad.map(({ path }) => path)],
    [2, [join(env.HF_HOME, 'hub', ...blob.split('/').slice(-3))]],
  );
  assert.equal(sha256(readFileSync(join(await run(), 'model.safetensors'))), sha256(weights));
  await again(offline);
  // Size and time as they were: it is not read again.
  const { mtimeMs } = statSync(blob);
  spoil(mtimeMs / 1000);
  utimesSync(blob, mtimeMs / 1000, mtimeMs / 1000);
  if (statSync(blob).mtimeMs === mtimeMs) await again(offline);
});

test('offline, a cache without refs has the one snapshot that is there', async () => {
  const hub = await startHub({ files });
  const { run, env, home } = fetching(hub.url);
  const dir = await run();
  const repository = join(home, 'hub', readdirSync(join(home, 'hub')).find((name) => name.startsWith('models--'))!);
  rmSync(join(repository, 'refs'), { recursive: true });
  const offline = { ...env, HF_HUB_OFFLINE: '1' };
  const given = { files: ['*.json', '*.safetensors'], env: offline };
  assert.equal(await resolveCheckpoint(REPOSITORY, given), dir);
  assert.ok(dir.endsWith(COMMIT));
  await assert.rejects(resolveCheckpoint(`${REPOSITORY}@v1`, given), { code: 'ERR_HUB_OFFLINE' });
});

test('HTTP_PROXY is used, but for the hosts of NO_PROXY', async () => {
  const hub = await startHub({ files });
  let tunnels = 0;
  const proxy = createServer((_, response) => void response.writeHead(500).end());
  proxy.on('connect', (request, socket, head) => {
    tunnels++;
    const [host, port] = request.url!.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => {});
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const through = fetching(hub.url, temporaryFolder(), { HTTP_PROXY });
  assert.deepEqual(readFileSync(join(await through.run(), 'model.safetensors')), weights);
  assert.ok(tunnels > 0);
  const before = tunnels;
  await fetching(hub.url, temporaryFolder(), { http_proxy: HTTP_PROXY, NO_PROXY: '127.0.0.1' }).run();
  assert.equal(tunnels, before);
});
