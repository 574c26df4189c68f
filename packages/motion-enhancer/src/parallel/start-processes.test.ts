import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { type StartOptions, startProcesses } from './start-processes.js';

/** Runs a script in `count` processes and keeps what comes out. */
async function run(script: string, count: number, options: Partial<StartOptions> = {}) {
  const text = { out: '', err: '' };
  const sink = (name: 'out' | 'err') =>
    new Writable({
      write(part, _, done) {
        text[name] += part;
        done();
      },
    });
  const start = performance.now();
  const code = await startProcesses({
    command: process.execPath,
    args: ['--input-type=module', '-e', script],
    count,
    stdout: sink('out'),
    stderr: sink('err'),
    ...options,
  });
  return { code, ms: performance.now() - start, lines: text.out.split('\n').filter(Boolean).sort(), ...text };
}

test('each process has its place, and its lines a prefix', async () => {
  const { code, lines, err } = await run(
    `const { RANK, LOCAL_RANK, WORLD_SIZE, LIBTORCH_GROUP_FILE } = process.env;
     process.stdout.write(RANK + LOCAL_RANK + WORLD_SIZE + '\\nhalf ');
     setTimeout(() => process.stdout.write('a line\\r\\nno end ' + LIBTORCH_GROUP_FILE), 20);`,
    2,
  );
  assert.equal(code, 0, err);
  const file = /no end (.*)$/.exec(lines.find((line) => line.includes('no end'))!)![1]!;
  assert.deepEqual(
    lines,
    [0, 1].flatMap((k) => [`[rank ${k}] ${k}${k}2`, `[rank ${k}] half a line`, `[rank ${k}] no end ${file}`]),
  );
  assert.ok(!existsSync(file) && !existsSync(file.replace(/\/store$/, '')), 'the rendezvous folder is gone');
});

test('the first failure ends the others and is the one that is shown', async () => {
  const { code, ms, err } = await run(
    `if (process.env.RANK === '1') { console.error('what went wrong'); process.exit(3); }
     setTimeout(() => process.exit(4), 60000);`,
    3,
  );
  assert.equal(code, 3);
  assert.ok(ms < 4000, `${ms} ms`);
  assert.match(err, /^\[rank 1\] what went wrong$/m);
  assert.match(
    err,
    /error: Rank 1 of 3 ended with exit code 3, before any other failed; the others were ended\. Its last lines:\n {2}what went wrong\n$/,
  );
});

test('a process that is killed gives 137, and one that does not listen to SIGTERM is killed after its grace', async () => {
  const { code, ms, err } = await run(
    `process.on('SIGTERM', () => console.log('not now'));
     setTimeout(() => {}, 60000);
     if (process.env.RANK === '0') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);`,
    2,
    { graceMs: 300 },
  );
  assert.equal(code, 137);
  assert.ok(ms < 4000, `${ms} ms`);
  assert.match(err, /Rank 0 of 2 was ended by SIGKILL/);
});

test('a program that is not there is a failure', async () => {
  const { code, err } = await run('', 2, { command: '/no/such/program' });
  assert.equal(code, 127);
  assert.match(err, /ended with exit code 127.*\n.*ENOENT/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} is passed on, and what then ends well is no failure`, async () => {
    const before = process.listenerCount(signal);
    const ended = run(
      `process.on('${signal}', () => { console.log('saved'); process.exit(process.env.RANK === '0' ? 0 : ${signal === 'SIGHUP' ? 129 : 0}); });
       console.log('ready'); setTimeout(() => {}, 60000);`,
      2,
      { stdout: readyThen(2, () => process.kill(process.pid, signal)) },
    );
    const { code, err, ms } = await ended;
    assert.equal(code, signal === 'SIGHUP' ? 129 : 0, err);
    assert.equal(err, '');
    assert.ok(ms < 4000, `${ms} ms`);
    assert.equal(process.listenerCount(signal), before);
  });
}

/** Acts once the word ready was written `count` times. */
function readyThen(count: number, act: () => void): Writable {
  let seen = 0;
  return new Writable({
    write(part, _, done) {
      seen += String(part).match(/ready/g)?.length ?? 0;
      if (seen === count) act();
      if (seen === count) seen = Number.NaN;
      done();
    },
  });
}

test('the processes meet, and their sum is right', async () => {
  const engine = import.meta.resolve('@motion-enhancer/libtorch');
  const { code, lines, err } = await run(
    `const { allReduce, full, joinGroup, readGroupEnvironment, scope } = await import('${engine}');
     const group = await joinGroup({ ...readGroupEnvironment(), timeoutMs: 20000 });
     console.log(scope(() => allReduce(full([1], group.rank + 1), group).item()), group.backend);
     await group.close();`,
    2,
  );
  assert.equal(code, 0, err);
  assert.deepEqual(lines, ['[rank 0] 3 gloo', '[rank 1] 3 gloo']);
});
