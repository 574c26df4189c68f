import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
const LIBTORCH = JSON.stringify(import.meta.resolve('@motion-enhancer/libtorch'));

/** A process that stops by signal, and computes in one call for longer than anyone waits. */
function start(work: string) {
  const code = `import { stopOnSignal } from ${at('./stop-on-signal.js')};
    import { aten, rand, scope } from ${LIBTORCH};
    const stop = stopOnSignal((name) => console.log('heard ' + name));
    ${work}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_TEST_CONTEXT: '' },
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise<{ code: number | null; signal: string | null; out: string; at: number }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, out, at: performance.now() })),
  );
  const said = async (text: string) => {
    while (!out.includes(text)) await sleep(10);
  };
  return { child, ended, said };
}

const COMPUTE = `const a = rand([9000, 9000]); console.log('ready'); scope(() => void aten.matmul(a, a)); console.log('done');`;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  test(`a second ${name} ends the process within a call that computes; the first does not`, async () => {
    const { child, ended, said } = start(COMPUTE);
    await said('ready');
    await sleep(200);
    child.kill(name);
    // What npm passes on is the same Ctrl-C.
    child.kill(name);
    await sleep(600);
    assert.equal(child.exitCode ?? child.signalCode, null, 'it runs on');
    const asked = performance.now();
    child.kill(name);
    const { signal, out, at: end } = await ended;
    assert.equal(signal, name);
    assert.ok(!out.includes('done') && !out.includes('heard'), out);
    assert.ok(end - asked < 1500, `${end - asked} ms`);
  });

test('one signal is heard once, and after dispose the default is back', async () => {
  const { child, ended, said } = start(
    `console.log('ready'); const timer = setInterval(() => { if (!stop.signal.aborted) return; clearInterval(timer); stop.dispose(); console.log('disposed'); setTimeout(() => {}, 60_000); }, 20);`,
  );
  await said('ready');
  child.kill('SIGHUP');
  await said('disposed');
  child.kill('SIGINT');
  const { signal, out } = await ended;
  assert.equal(signal, 'SIGINT');
  assert.equal(out.split('heard').length, 2);
  assert.match(out, /heard SIGHUP/);
});
