// What servers, networks, disks and other processes do to a download.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HubError } from './hub-error.js';
import { type ResolveOptions, resolveCheckpoint } from './resolve-checkpoint.js';
import {
  COMMIT,
  gitHash,
  type Misbehaviour,
  noise,
  REPOSITORY,
  type SeenRequest,
  sendAndBreak,
  sendBytes,
  sha256,
  startHub,
  startServer,
  type TestServer,
  temporaryFolder,
} from './testing.js';

const SIZE = 300_000;
const WEIGHTS = 'model.safetensors';
const isWeights = (seen: SeenRequest) => seen.path.endsWith(WEIGHTS);
const ranges = (server: TestServer) => server.requests.filter(isWeights).map((r) => r.range);
const blobs = (home: string) => join(home, 'hub/models--some-org--some.model/blobs');
const partialOf = (home: string, bytes: Buffer) => join(blobs(home), `${sha256(bytes)}.motion-enhancer.incomplete`);

interface Case {
  bytes: Buffer;
  home: string;
  hub: TestServer;
  notes: string[];
  fetch: () => Promise<string>;
}

/** A repository with one file of weights, whose requests `misbehave` may take over. */
async function prepare(
  misbehave: (bytes: Buffer, attempt: () => number) => Misbehaviour,
  more: Partial<ResolveOptions> & { listing?: (info: { siblings: Record<string, unknown>[] }) => unknown } = {},
): Promise<Case> {
  const bytes = noise(SIZE);
  let attempts = 0;
  const wrong = misbehave(bytes, () => attempts);
  const hub = await startHub({
    files: { [WEIGHTS]: bytes },
    misbehave(seen, response) {
      if (isWeights(seen)) attempts++;
      return wrong(seen, response);
    },
    ...(more.listing ? { listing: more.listing } : {}),
  });
  const home = temporaryFolder();
  const notes: string[] = [];
  const env = { HF_ENDPOINT: hub.url, HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1', ...more.env };
  const o = { retryDelayMs: 1, ...more, files: ['*.safetensors'], env, onNote: (note: string) => notes.push(note) };
  return { bytes, home, hub, notes, fetch: () => resolveCheckpoint(REPOSITORY, o) };
}

async function assertWhole({ home, bytes, fetch }: Case): Promise<void> {
  const dir = await fetch();
  assert.deepEqual(readFileSync(join(dir, WEIGHTS)), bytes);
  assert.deepEqual(readdirSync(blobs(home)), [sha256(bytes)], 'nothing but the blob stays');
}

async function fails(given: Case, code: string, message: RegExp): Promise<void> {
  await assert.rejects(given.fetch(), (error: HubError) => {
    assert.equal(error.code, code, error.stack);
    assert.match(error.message, message);
    return true;
  });
  assert.ok(!existsSync(join(blobs(given.home), sha256(given.bytes))), 'no blob');
  assert.ok(!existsSync(join(blobs(given.home), '..', 'snapshots', COMMIT, WEIGHTS)), 'no snapshot');
}

describe('a download', { concurrency: 4 }, () => {
  it('goes on by range where connections broke', async () => {
    const given = await prepare((bytes, attempt) => (seen, response) => {
      if (!isWeights(seen) || attempt() > 8) return false;
      sendAndBreak(seen, response, bytes, 20_000);
      return true;
    });
    await assertWhole(given);
    // Each break came after 20000 bytes; more breaks than attempts are fine while there is progress.
    assert.deepEqual(ranges(given.hub), [null, ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `bytes=${20_000 * n}-`)]);
    assert.match(given.notes[0]!, /model\.safetensors: .* at byte 20000; going on from there/);
  });

  it('gives up when breaks bring nothing, and goes on from there the next time', async () => {
    let broken = true;
    const given = await prepare((bytes, attempt) => (seen, response) => {
      if (!isWeights(seen) || !broken) return false;
      sendAndBreak(seen, response, bytes, attempt() === 1 ? 12_345 : 0);
      return true;
    });
    await fails(given, 'ERR_HUB_NETWORK', /keeps breaking at byte 12345 of 300000 .*Run it again/);
    const asked = given.hub.requests.length;
    broken = false;
    await assertWhole(given);
    assert.deepEqual(
      given.hub.requests
        .slice(asked)
        .filter(isWeights)
        .map((r) => r.range),
      ['bytes=12345-'],
    );
  });

  it('does not wait for ever where bytes stop coming', async () => {
    const given = await prepare(
      (bytes, attempt) => (seen, response) => {
        if (!isWeights(seen) || attempt() > 1) return false;
        response.writeHead(200, { 'content-length': SIZE });
        response.write(bytes.subarray(0, 1000));
        return true;
      },
      { env: { HF_HUB_DOWNLOAD_TIMEOUT: '0.3' } },
    );
    await assertWhole(given);
    assert.deepEqual(ranges(given.hub), [null, 'bytes=1000-']);
    assert.match(given.notes[0]!, /stood still/);
  });

  it('starts again where the server cannot go on in the middle', async () => {
    const given = await prepare((bytes, attempt) => (seen, response) => {
      if (!isWeights(seen)) return false;
      const whole = { ...seen, range: null };
      if (attempt() === 1) sendAndBreak(whole, response, bytes, 50_000);
      else sendBytes(whole, response, bytes);
      return true;
    });
    await assertWhole(given);
    assert.deepEqual(ranges(given.hub), [null, 'bytes=50000-']);
  });

  it('fetches again what an earlier run spoilt', async () => {
    for (const size of [1000, SIZE, SIZE + 1]) {
      const given = await prepare(() => () => false);
      mkdirSync(blobs(given.home), { recursive: true });
      writeFileSync(partialOf(given.home, given.bytes), Buffer.alloc(size));
      await assertWhole(given);
      // What is longer than the file is plainly not its beginning; for the rest it takes the hash.
      assert.equal(
        given.notes.filter((note) => /its sha256 is .*from the beginning/.test(note)).length,
        size > SIZE ? 0 : 1,
      );
    }
  });

  it('tells a wrong hash, with file and remedy, and keeps nothing of it', async () => {
    const given = await prepare(() => (seen, response) => {
      if (isWeights(seen)) sendBytes(seen, response, noise(SIZE));
      return isWeights(seen);
    });
    const message =
      /model\.safetensors of some-org\/some\.model, .* is damaged: its sha256 is .*Try again, or set HF_ENDPOINT/;
    await fails(given, 'ERR_HUB_HASH', message);
    assert.deepEqual(readdirSync(blobs(given.home)), []);
    assert.equal(ranges(given.hub).length, 1);
  });

  it('tells a wrong hash of a small file, which git names', async () => {
    const home = temporaryFolder();
    const hub = await startHub({
      files: { 'config.json': '{"a": 1}' },
      misbehave(seen, response) {
        if (seen.path.endsWith('config.json')) sendBytes(seen, response, Buffer.from('{"a": 2}'));
        return seen.path.endsWith('config.json');
      },
    });
    const env = { HF_ENDPOINT: hub.url, HF_HOME: home };
    await assert.rejects(
      resolveCheckpoint(REPOSITORY, { files: ['*.json'], env }),
      new RegExp(
        `config\\.json .*git hash is ${gitHash(Buffer.from('{"a": 2}'))}, not ${gitHash(Buffer.from('{"a": 1}'))}`,
      ),
    );
    assert.deepEqual(readdirSync(blobs(home)), []);
  });

  it('tells a wrong size, whether more or less comes than was said', async () => {
    for (const wrong of [SIZE - 1, SIZE + 1]) {
      const listing = (info: { siblings: Record<string, unknown>[] }) => ({
        ...info,
        siblings: info.siblings.map((s) => ({ ...s, lfs: { ...(s.lfs as object), size: wrong } })),
      });
      const given = await prepare(() => () => false, { listing });
      await fails(given, 'ERR_HUB_HASH', /is damaged: it has 300000 bytes, not (299999|300001)/);
      assert.deepEqual(readdirSync(blobs(given.home)), []);
    }
  });

  it('waits as long as 429 says, and repeats after 500s', async () => {
    const stamps: number[] = [];
    const given = await prepare((_, attempt) => (seen, response) => {
      if (!isWeights(seen)) return false;
      stamps.push(performance.now());
      if (attempt() === 1) response.writeHead(429, { 'retry-after': '1' }).end('slower');
      else if (attempt() <= 3) response.writeHead(503).end();
      return attempt() <= 3;
    });
    await assertWhole(given);
    assert.equal(stamps.length, 4);
    assert.ok(stamps[1]! - stamps[0]! >= 990, `${stamps[1]! - stamps[0]!} ms`);
    assert.ok(stamps[3]! - stamps[1]! < 500);
    assert.match(given.notes[0]!, /429; another attempt in 1\.0 s/);
  });

  it('gives up after enough 500s, or when told to wait for an hour', async () => {
    const broken = await prepare(() => (seen, response) => {
      if (isWeights(seen)) response.writeHead(500).end();
      return isWeights(seen);
    });
    await fails(
      broken,
      'ERR_HUB_SERVER',
      /answered 500 for some-org\/some\.model\/model\.safetensors\. Try again later/,
    );
    assert.equal(ranges(broken.hub).length, 6);
    const busy = await prepare(() => (_, response) => {
      response.writeHead(429, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }).end();
      return true;
    });
    await fails(busy, 'ERR_HUB_SERVER', /answered 429/);
    assert.equal(busy.hub.requests.length, 1);
  });

  it('asks the endpoint for a new address when the CDN takes the old one for outdated', async () => {
    let count = 0;
    const bytes = noise(SIZE);
    const cdn = await startServer((seen, response) => {
      if (++count === 1) sendAndBreak(seen, response, bytes, 100_000);
      else if (count === 2) response.writeHead(403).end('expired');
      else sendBytes(seen, response, bytes);
    });
    const hub = await startHub({ files: { [WEIGHTS]: bytes }, cdn });
    const env = { HF_ENDPOINT: hub.url, HF_HOME: temporaryFolder(), HF_TOKEN: 'hf_secret' };
    const dir = await resolveCheckpoint(REPOSITORY, { files: ['*.safetensors'], env, retryDelayMs: 1 });
    assert.deepEqual(readFileSync(join(dir, WEIGHTS)), bytes);
    assert.deepEqual(
      cdn.requests.map((r) => [r.range, r.authorization]),
      [
        [null, null],
        ['bytes=100000-', null],
        ['bytes=100000-', null],
      ],
    );
  });

  it('stops when its signal says so', async () => {
    const stop = new AbortController();
    const given = await prepare(
      (bytes) => (seen, response) => {
        if (!isWeights(seen)) return false;
        response.writeHead(200, { 'content-length': SIZE });
        response.write(bytes.subarray(0, 1000), () => setTimeout(() => stop.abort(), 50));
        return true;
      },
      { signal: stop.signal },
    );
    await assert.rejects(given.fetch(), { name: 'AbortError' });
    assert.equal(ranges(given.hub).length, 1);
  });

  it('a full disk: told before it begins, and while it writes', async (t) => {
    const listing = (info: { siblings: Record<string, unknown>[] }) => ({
      ...info,
      siblings: info.siblings.map((s) => ({ ...s, lfs: { ...(s.lfs as object), size: 1e15 } })),
    });
    const huge = await prepare(() => () => false, { listing });
    await fails(
      huge,
      'ERR_HUB_DISK_FULL',
      /it needs 1000000000000000 bytes, \d+ are free\. Free space, or set HF_HUB_CACHE/,
    );
    assert.deepEqual(ranges(huge.hub), []);

    if (!existsSync('/dev/full')) return t.skip('there is no /dev/full here');
    const given = await prepare(() => () => false);
    mkdirSync(blobs(given.home), { recursive: true });
    symlinkSync('/dev/full', partialOf(given.home, given.bytes));
    await fails(given, 'ERR_HUB_DISK_FULL', /incomplete: the disk is full\. Free space .*HF_HUB_CACHE/);
  });

  it('a cache that cannot be written', async () => {
    const given = await prepare(() => () => false);
    writeFileSync(join(given.home, 'hub'), '');
    await fails(given, 'ERR_HUB_CACHE', /cannot be written .*Set HF_HUB_CACHE/);
  });
});

describe('several processes', () => {
  const child = fileURLToPath(
    new URL(`./testing-child.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
  );
  // Loader options such as tsx's are the child's too; those of the test runner are not.
  const flags = process.execArgv.filter((flag) => !flag.startsWith('--test'));
  const start = ({ hub, home }: Case): ChildProcess & { done: Promise<string> } => {
    const env = { ...process.env, HF_ENDPOINT: hub.url, HF_HOME: home, NODE_TEST_CONTEXT: '', NODE_NO_WARNINGS: '1' };
    const started = spawn(process.execPath, [...flags, child, REPOSITORY, '*.safetensors'], { env });
    let out = '';
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
    const done = new Promise<string>((resolve) => started.on('close', (code) => resolve(`${code}\n${out}`)));
    return Object.assign(started, { done });
  };
  const slowly: Parameters<typeof prepare>[0] = (bytes) => (seen, response) => {
    if (!isWeights(seen) || seen.range) return false;
    response.writeHead(200, { 'content-length': SIZE });
    response.write(bytes.subarray(0, 100_000));
    setTimeout(() => response.end(bytes.subarray(100_000)), 1500);
    return true;
  };

  it('that want one file fetch it once, and both have it', async () => {
    const given = await prepare(slowly);
    const outs = await Promise.all(
      [start(given), start(given), given.fetch()].map((p) => (p instanceof Promise ? p : p.done)),
    );
    for (const out of outs.slice(0, 2)) assert.match(out, /^0\n(.*waiting\n)?.*\/snapshots\//);
    await assertWhole(given);
    assert.equal(ranges(given.hub).length, 1);
  });

  it('one killed in the middle leaves a lock and bytes, from which the next goes on', async () => {
    const given = await prepare(slowly);
    const victim = start(given);
    const partial = partialOf(given.home, given.bytes);
    while (!existsSync(partial) || statSync(partial).size < 100_000) await sleep(20);
    victim.kill('SIGKILL');
    await victim.done;
    await assertWhole(given);
    assert.deepEqual(ranges(given.hub), [null, 'bytes=100000-']);
  });

  it('a lock is left alone while its owner lives, also on another machine, until it is old', async () => {
    const given = await prepare(() => () => false);
    const locks = join(given.home, 'hub/.locks/models--some-org--some.model');
    const lock = join(locks, `${sha256(given.bytes)}.motion-enhancer.lock`);
    mkdirSync(locks, { recursive: true });
    writeFileSync(lock, JSON.stringify({ pid: 1, host: `not-${hostname()}` }));
    const fetching = given.fetch();
    await sleep(400);
    assert.deepEqual(ranges(given.hub), []);
    assert.match(given.notes[0]!, /another process fetches it; waiting/);
    spawnSync('touch', ['-d', '2 minutes ago', lock]);
    await fetching;
    await assertWhole(given);
    assert.deepEqual(readdirSync(locks), []);
  });
});
