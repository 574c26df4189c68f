import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { VIDEO, writeTestVlm } from '@motion-enhancer/core/internal/train/testing.js';
import { VLM_FILES } from '@motion-enhancer/models';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { fetchCheckpoint } from './fetch-checkpoint.js';
import { jsonLines, refuses, runCli } from './testing.js';

const NAME = 'tiny-org/tiny-vlm';
const COMMIT = 'c0ffee'.repeat(7).slice(0, 40);
const dir = temporaryFolder();
const vlm = writeTestVlm(join(dir, 'vlm'));
let requests = 0;
const server = createServer((request, response) => {
  requests++;
  const path = decodeURIComponent(request.url ?? '');
  if (path.startsWith(`/api/models/${NAME}/revision/main`)) {
    const siblings = readdirSync(vlm).map((rfilename) => {
      const bytes = readFileSync(join(vlm, rfilename));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { rfilename, size: bytes.length, lfs: { sha256, size: bytes.length } };
    });
    response.end(JSON.stringify({ sha: COMMIT, siblings }));
  } else if (path.startsWith(`/${NAME}/resolve/${COMMIT}/`))
    response.end(readFileSync(join(vlm, path.split('/').at(-1)!)));
  else response.writeHead(404).end();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const environment = {
  HF_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  HF_HOME: join(dir, 'cache'),
  HF_HUB_CACHE: '',
  HF_HUB_OFFLINE: '',
  TRANSFORMERS_OFFLINE: '',
};
// The commands take it from here.
Object.assign(process.env, environment);

test('a command takes org/name: fetched with progress, then used like a folder, also offline', async () => {
  const words = ['--video', VIDEO, '--prompt', 'What?', '--max-new-tokens', '1', '--max-pixels', '784', '--json'];
  const { code, out, err } = await runCli(['generate', '--vlm', NAME, ...words]);
  assert.equal(code, 0, err);
  assert.equal(jsonLines(out)[0]!.type, 'answer');
  const needed = readdirSync(vlm).filter((name) => VLM_FILES.some((pattern) => fits(name, pattern)));
  const finished = jsonLines(err).find((line) => line.type === 'finished');
  assert.match(String(finished?.summary), new RegExp(`^${needed.length} files, [\\d.]+ MiB$`));
  assert.deepEqual([finished?.label, finished?.stage, finished?.done], ['fetch', NAME, finished?.total]);
  assert.equal(requests, 1 + needed.length);
  const folder = await fetchCheckpoint(NAME, { files: VLM_FILES, env: { ...environment, HF_HUB_OFFLINE: '1' } });
  assert.equal(requests, 1 + needed.length);
  assert.deepEqual(readdirSync(folder).sort(), needed.sort());
  for (const name of needed) assert.deepEqual(readFileSync(join(folder, name)), readFileSync(join(vlm, name)), name);
});

test('a name that the endpoint does not have is one line with exit code 2', () =>
  refuses(
    ['generate', '--vlm', 'tiny-org/none', '--video', VIDEO, '--prompt', 'What?'],
    /no repository tiny-org\/none on http.*Check the name/,
  ));

test('a cache that cannot be made is one line with exit code 2, not a wait without end', {
  skip: !existsSync('/proc/self'),
  timeout: 60_000,
}, async () => {
  process.env.HF_HOME = '/proc/motion-enhancer';
  try {
    await refuses(
      ['generate', '--vlm', NAME, '--video', VIDEO, '--prompt', 'What?'],
      /The folder \/proc\/motion-enhancer\/hub\/.* cannot be made \(ENOENT\)\. Set HF_HUB_CACHE/,
    );
  } finally {
    process.env.HF_HOME = environment.HF_HOME;
  }
});

test('nothing is shown for what is there', async () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  assert.equal(await fetchCheckpoint(vlm, { files: VLM_FILES, stream }), vlm);
  assert.deepEqual(written, []);
  const env = { ...environment, HF_HOME: join(dir, 'other') };
  await fetchCheckpoint(NAME, { files: ['*.json'], stream, env });
  assert.match(written.at(-1)!, /^fetch: \d+ files, /);
  const before = written.length;
  await fetchCheckpoint(NAME, { files: ['*.json'], stream, env });
  assert.equal(written.length, before);
});

function fits(name: string, pattern: string): boolean {
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern;
}
