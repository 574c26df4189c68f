import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HubError } from './hub-error.js';
import { parseRepositoryName } from './repository-name.js';
import { type ResolveOptions, resolveCheckpoint } from './resolve-checkpoint.js';
import {
  COMMIT,
  gitHash,
  noise,
  REPOSITORY,
  sendBytes,
  sha256,
  startHub,
  startServer,
  type TestServer,
  temporaryFolder,
} from './testing.js';

const config = Buffer.from('{"a": 1}\n');
const weights = noise(200_000);

function options(hub: TestServer, cache: string, more: Partial<ResolveOptions> = {}): ResolveOptions {
  const { env, ...rest } = more;
  return {
    files: ['*.json', '*.safetensors', 'vae/*.json'],
    retryDelayMs: 1,
    env: { HF_ENDPOINT: `${hub.url}/`, HF_HOME: cache, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1', ...env },
    ...rest,
  };
}

describe('resolveCheckpoint', { concurrency: 4 }, () => {
  it('fetches into the layout of huggingface_hub, LFS files from a CDN that never sees the token', async () => {
    const cdn = await startServer((seen, response) => sendBytes(seen, response, weights));
    const files = { 'config.json': config, 'vae/config.json': config, 'model.safetensors': weights, 'README.md': 'x' };
    const hub = await startHub({ files, cdn });
    const home = temporaryFolder();
    const seen: number[][] = [];
    const o = options(hub, home, {
      env: { HF_TOKEN: 'hf_secret' },
      onProgress: (p) => seen.push([p.bytes, p.totalBytes, p.files, p.totalFiles]),
    });
    const dir = await resolveCheckpoint(REPOSITORY, o);
    const repository = join(home, 'hub', 'models--some-org--some.model');
    assert.equal(dir, join(repository, 'snapshots', COMMIT));
    assert.deepEqual(readdirSync(dir).sort(), ['config.json', 'model.safetensors', 'vae'], 'only what is needed');
    assert.equal(readlinkSync(join(dir, 'model.safetensors')), `../../blobs/${sha256(weights)}`);
    assert.equal(readlinkSync(join(dir, 'vae/config.json')), `../../../blobs/${gitHash(config)}`);
    assert.deepEqual(readFileSync(join(dir, 'model.safetensors')), weights);
    assert.deepEqual(readFileSync(join(dir, 'vae/config.json')), config);
    assert.equal(readFileSync(join(repository, 'refs/main'), 'utf8'), COMMIT);
    assert.deepEqual(readdirSync(join(repository, 'blobs')).sort(), [sha256(weights), gitHash(config)].sort());
    const total = weights.length + 2 * config.length;
    assert.deepEqual(seen.at(-1), [total, total, 3, 3]);
    assert.ok(hub.requests.every((r) => r.authorization === 'Bearer hf_secret'));
    assert.deepEqual(
      cdn.requests.map((r) => r.authorization),
      [null],
    );

    const before = hub.requests.length;
    assert.equal(await resolveCheckpoint(REPOSITORY, o), dir);
    assert.deepEqual(
      hub.requests.slice(before).map((r) => r.path),
      [`/api/models/${REPOSITORY}/revision/main?blobs=true`],
      'nothing is fetched twice',
    );
    assert.equal(await resolveCheckpoint(`${REPOSITORY}@${COMMIT}`, o), dir);
    assert.equal(hub.requests.length, before + 1, 'a commit that is there needs no question');
    assert.equal(await resolveCheckpoint(`${REPOSITORY}@refs/pr/1`, o), dir);
    assert.equal(readFileSync(join(repository, 'refs/refs/pr/1'), 'utf8'), COMMIT);
    const offline = options(hub, home, { env: { HF_HUB_OFFLINE: '1' } });
    const count = hub.requests.length;
    assert.equal(await resolveCheckpoint(REPOSITORY, offline), dir);
    assert.equal(hub.requests.length, count, 'offline means offline');
  });

  it('takes what Python has already cached, without the listing that newer versions keep', async () => {
    const hub = await startHub({ files: { 'config.json': config } });
    const home = temporaryFolder();
    const repository = join(home, 'hub', 'models--some-org--some.model');
    for (const folder of ['refs', `snapshots/${COMMIT}`]) mkdirSync(join(repository, folder), { recursive: true });
    writeFileSync(join(repository, 'refs/main'), COMMIT);
    writeFileSync(join(repository, 'snapshots', COMMIT, 'config.json'), config);
    const dir = await resolveCheckpoint(REPOSITORY, options(hub, home, { env: { HF_HUB_OFFLINE: 'yes' } }));
    assert.equal(dir, join(repository, 'snapshots', COMMIT));
    assert.equal(await resolveCheckpoint(REPOSITORY, options(hub, home)), dir);
    assert.equal(hub.requests.length, 1);
  });

  it('fetches the shards that an index names, no others, and no variants of a single file', async () => {
    const index = JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } });
    const names = ['model-1', 'model-2', 'model-3', 'vae/model', 'vae/model.fp16'].map((n) => `${n}.safetensors`);
    const files = Object.fromEntries(names.map((name) => [name, noise(50)]));
    const hub = await startHub({ files: { ...files, 'model.safetensors.index.json': index } });
    const home = temporaryFolder();
    const o = options(hub, home, { files: ['*.safetensors', '*.json', 'vae/*.safetensors'] });
    const dir = await resolveCheckpoint(REPOSITORY, o);
    const found = readdirSync(dir, { recursive: true }).sort();
    const wanted = ['model-1.safetensors', 'model-2.safetensors', 'model.safetensors.index.json', 'vae'];
    assert.deepEqual(found, [...wanted, 'vae/model.safetensors']);
    const offline = { ...o, env: { ...o.env, HF_HUB_OFFLINE: '1' } };
    assert.equal(await resolveCheckpoint(REPOSITORY, offline), dir);
    for (const listed of [true, false]) {
      if (!listed) rmSync(join(dir, '../../trees'), { recursive: true });
      rmSync(join(dir, 'model-2.safetensors'), { force: true });
      await assert.rejects(resolveCheckpoint(REPOSITORY, offline), (error: HubError) => {
        assert.equal(error.code, 'ERR_HUB_OFFLINE');
        assert.match(error.message, /lacks model-2\.safetensors\. Unset HF_HUB_OFFLINE/);
        return true;
      });
    }
  });

  it('tells of an index whose shard there is not', async () => {
    const index = JSON.stringify({ weight_map: { a: 'model-1.safetensors' } });
    const hub = await startHub({ files: { 'model.safetensors.index.json': index } });
    await fails(options(hub, temporaryFolder()), 'ERR_HUB_FILE', /index\.json names the shard model-1\.safetensors/);
  });

  it('asks for sizes and hashes file by file where the listing lacks them', async () => {
    const cdn = await startServer((seen, response) => sendBytes(seen, response, weights));
    const files = { 'config.json': config, 'model.safetensors': weights };
    const hub = await startHub({ files, cdn, bareListing: true });
    const dir = await resolveCheckpoint(REPOSITORY, options(hub, temporaryFolder()));
    assert.equal(readlinkSync(join(dir, 'model.safetensors')), `../../blobs/${sha256(weights)}`);
    assert.equal(readlinkSync(join(dir, 'config.json')), `../../blobs/${gitHash(config)}`);
    assert.deepEqual(
      cdn.requests.map((r) => r.method),
      ['GET'],
    );
  });

  it('local folders win; other names are refused without a request', async () => {
    const dir = temporaryFolder();
    const o = { files: ['*'], fetch: () => assert.fail('no request is due') };
    assert.equal(await resolveCheckpoint(dir, o), dir);
    for (const name of ['nowhere', './a/b', 'a/b/c', '/tmp/nowhere/x'])
      await assert.rejects(
        resolveCheckpoint(name, o),
        /There is no checkpoint folder .*Check the path, or give org\/name/,
      );
  });

  it('offline, what is not there is reported with the remedy, and nothing is asked', async () => {
    const o = { files: ['*'], fetch: () => assert.fail('no request is due') };
    const env = { HF_HOME: temporaryFolder(), HF_HUB_OFFLINE: '1' };
    await assert.rejects(
      resolveCheckpoint('org/name@v2', { ...o, env }),
      /HF_HUB_OFFLINE is set, and org\/name@v2 in the cache .*models--org--name is not there\. Unset HF_HUB_OFFLINE/,
    );
  });

  it('gated, private, absent: each is reported with its remedy', async () => {
    const gate = (status: number, kind = '') => ({
      files: { 'config.json': config },
      misbehave: (_: unknown, response: { writeHead: (s: number, h: Record<string, string>) => { end(): void } }) => {
        response.writeHead(status, kind ? { 'x-error-code': kind } : {}).end();
        return true;
      },
    });
    const home = temporaryFolder();
    const open = options(await startHub(gate(401, 'GatedRepo')), home);
    await fails(
      open,
      'ERR_HUB_ACCESS',
      /gated or private \(401\)\. Accept its licence at http.*some\.model\. Set HF_TOKEN/,
    );
    const known = options(await startHub(gate(403)), home, { env: { HF_TOKEN: 't' } });
    await fails(known, 'ERR_HUB_ACCESS', /token in use has expired or has no access/);
    await fails(options(await startHub(gate(401)), home), 'ERR_HUB_ACCESS', /Set HF_TOKEN/);
    await fails(options(await startHub(gate(401, 'RepoNotFound')), home), 'ERR_HUB_REPOSITORY', /no repository/);
    for (const silent of [true, false]) {
      const hub = await startHub({ files: { 'config.json': config }, silent });
      const o = options(hub, home);
      await fails(o, 'ERR_HUB_REPOSITORY', /no folder some-org\/other here and no repository/, 'some-org/other');
      await fails(o, 'ERR_HUB_REVISION', /some\.model on .* has no revision v9/, `${REPOSITORY}@v9`);
      await fails({ ...o, files: ['*.bin'] }, 'ERR_HUB_FILE', /has none of \*\.bin/);
      const listing = (info: { siblings: Record<string, unknown>[] }) => ({
        ...info,
        siblings: [...info.siblings, { ...info.siblings[0], rfilename: 'gone.json', blobId: 'a'.repeat(40) }],
      });
      const lacking = await startHub({ files: { 'config.json': config }, silent, listing });
      await fails(options(lacking, home), 'ERR_HUB_FILE', /has no file gone\.json/);
    }
  });

  it('an endpoint that is none, lists paths outside, or leads in circles', async () => {
    const home = temporaryFolder();
    const page = await startServer((_, response) => void response.end('<html>'));
    await fails(options(page, home), 'ERR_HUB_SERVER', /no listing of a repository/);
    for (const rfilename of ['../../x.json', '/etc/x.json', 'a/../x.json', 'a\\b.json', '']) {
      const listing = () => ({ sha: COMMIT, siblings: [{ rfilename, size: 1, blobId: 'a'.repeat(40) }] });
      const hub = await startHub({ files: {}, listing });
      await fails(options(hub, home), 'ERR_HUB_SERVER', /it lists/);
    }
    const circle = await startServer((_, response) => void response.writeHead(302, { location: '/again' }).end());
    await fails(options(circle, home), 'ERR_HUB_SERVER', /10 redirects/);
    await assert.rejects(
      resolveCheckpoint('a/b', { files: ['*'], env: { HF_HOME: home, HF_ENDPOINT: 'mirror' } }),
      /http\(s\) address for HF_ENDPOINT/,
    );
    assert.ok(!existsSync(join(home, 'x.json')));
  });

  it('without a network, a whole checkpoint in the cache is used and that is said', async () => {
    const hub = await startHub({ files: { 'config.json': config } });
    const home = temporaryFolder();
    const dir = await resolveCheckpoint(REPOSITORY, options(hub, home));
    const notes: string[] = [];
    const unreachable = options({ url: 'http://127.0.0.1:9', requests: [] }, home, { onNote: (n) => notes.push(n) });
    assert.equal(await resolveCheckpoint(REPOSITORY, unreachable), dir);
    assert.match(notes.at(-1)!, /cannot be reached: .*The files in .* are used\.$/);
    await fails(
      unreachable,
      'ERR_HUB_NETWORK',
      /127\.0\.0\.1:9 cannot be reached.*Check the network/,
      'some-org/other',
    );
  });

  it('names', () => {
    assert.deepEqual(parseRepositoryName('THUDM/CogVideoX-2b'), { id: 'THUDM/CogVideoX-2b', revision: 'main' });
    assert.deepEqual(parseRepositoryName('a/b.c@refs/pr/1'), { id: 'a/b.c', revision: 'refs/pr/1' });
    for (const bad of ['a', 'a/b/c', '../b', 'a/..', 'a/b@', 'a/b@../x', 'a/b@x/', 'a--b/c', 'a b/c', '/a/b', 'a/b@-x'])
      assert.equal(parseRepositoryName(bad), null, bad);
  });
});

async function fails(o: ResolveOptions, code: string, message: RegExp, name = REPOSITORY): Promise<void> {
  await assert.rejects(resolveCheckpoint(name, o), (error) => {
    assert.ok(error instanceof HubError, String(error));
    assert.equal(error.name, 'UserError');
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
