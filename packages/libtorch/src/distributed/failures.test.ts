import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { joinGroup } from './join-group.js';
import { freePort } from './testing/free-port.js';
import { runRanks } from './testing/run-ranks.js';

interface Failed {
  error: string;
  code: string;
  ms: number;
}
const failures = (stdout: string): Failed[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Failed);

// Most of their time is waiting for time-outs, so they run together.
describe('when a rank is gone', { concurrency: true }, () => {
  test('a rank that is killed ends the other at once, and is named', async () => {
    const [left, killed] = await runRanks('leaving', 2, { env: await tcp({ LEAVER: '1', BY: 'SIGKILL' }) });
    assert.equal(killed!.signal, 'SIGKILL');
    assert.equal(left!.code, 0, left!.stderr);
    const [async_, sync, met] = failures(left!.stdout);
    for (const failed of [async_!, sync!]) {
      assert.equal(failed.code, 'ERR_GROUP');
      assert.match(failed.error, /^Rank 0 of 2 waited \d\.\d s in allReduce: .*No word from rank 1 /);
      assert.ok(failed.error.includes(hostname()), failed.error);
      assert.ok(failed.ms < 10_000, `${failed.ms} ms`);
    }
    assert.match(met!.error, /^Rank 0 of 2 waited \d\.\d s in barrier: rank 1 did not come\.$/);
  });

  test('rank 0 is killed, and with it the store: the other says so', async () => {
    const [killed, left] = await runRanks('leaving', 2, { env: await tcp({ LEAVER: '0', BY: 'SIGKILL' }) });
    assert.equal(killed!.signal, 'SIGKILL');
    assert.equal(left!.code, 0, left!.stderr);
    const [async_, , met] = failures(left!.stdout);
    assert.match(
      async_!.error,
      /^Rank 1 of 2 waited .* in allReduce: .*Nor does the store at 127\.0\.0\.1:\d+, which rank 0 serves, answer\.$/,
    );
    assert.match(met!.error, /the store at 127\.0\.0\.1:\d+, which rank 0 serves, is gone/);
  });

  test('a rank that hangs ends the others within the time-out, also when it serves the store', async () => {
    await Promise.all([stopOne('1', /No word from rank 1/), stopOne('0', /rank 0 serves, answer/)]);
  });
});

async function stopOne(leaver: '0' | '1', reason: RegExp): Promise<void> {
  const other = 1 - Number(leaver);
  const ends = await runRanks('leaving', 2, {
    env: await tcp({ LEAVER: leaver, BY: 'SIGSTOP' }),
    onStart: (children) => {
      children[other]!.once('exit', () => children[Number(leaver)]!.kill('SIGKILL'));
    },
  });
  const left = ends[other]!;
  assert.equal(left.code, 0, left.stderr);
  const [first] = failures(left.stdout);
  assert.equal(first!.code, 'ERR_GROUP');
  assert.match(first!.error, new RegExp(`^Rank ${other} of 2 waited \\d\\.\\d s in allReduce: `));
  assert.match(first!.error, reason);
  assert.ok(first!.ms < 10_000, `${first!.ms} ms`);
}

async function tcp(env: Record<string, string>): Promise<Record<string, string>> {
  return { MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${await freePort()}`, ...env };
}

const named = (pattern: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.name, 'UserError');
  assert.equal(error.code, 'ERR_GROUP');
  assert.match(error.message, pattern);
  return true;
};

test('one process of two waits for the other until the time-out, and names it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'group-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const port = await freePort();
  const places = [
    { kind: 'file', path: join(folder, 'store') },
    { kind: 'tcp', host: '127.0.0.1', port },
  ] as const;
  for (const store of places) {
    await assert.rejects(
      joinGroup({ rank: 0, size: 2, store, timeoutMs: 250 }),
      named(/^Rank 0 of 2 waited 0\.\d s in joinGroup at \S+: rank 1 did not come\.$/),
    );
  }
});

test('a port in use, an address that does not answer, a server that is no store', async (t) => {
  const server = await listen(
    createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const join = (rank: number, port: number, host = '127.0.0.1') =>
    joinGroup({ rank, size: 2, store: { kind: 'tcp', host, port }, timeoutMs: 300 });
  await assert.rejects(join(0, port), named(/the port of 127\.0\.0\.1:\d+ is in use by another program/));
  await assert.rejects(join(1, port), named(/what answers at 127\.0\.0\.1:\d+ is not the store of rank 0/));
  await assert.rejects(
    join(1, await freePort()),
    named(/^Rank 1 of 2 waited 0\.\d s in joinGroup: nobody listens at 127\.0\.0\.1/),
  );
  await assert.rejects(
    join(1, port, 'no-such-host.invalid'),
    named(/MASTER_ADDR of no-such-host\.invalid:\d+ is no known host|does not answer/),
  );
});

test('a rank that is taken twice, and what contradicts itself, are refused', async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/group-`);
  t.after(() => rmSync(folder, { recursive: true }));
  const store = { kind: 'file', path: `${folder}/store` } as const;
  await assert.rejects(joinGroup({ rank: 0, size: 2, store, timeoutMs: 50 }), named(/rank 1 did not come/));
  await assert.rejects(
    joinGroup({ rank: 0, size: 2, store, timeoutMs: 50 }),
    named(/^Rank 0 was taken by process \d+ on .* each process needs a rank of its own/),
  );
  await assert.rejects(joinGroup({ rank: 2, size: 2, store }), /Expected 0 to 1 for rank but received 2/);
  await assert.rejects(joinGroup({ rank: 0, size: 2, store: null }), /for store/);
});

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
