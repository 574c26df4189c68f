import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';

const LIBRARY = new URL('./index.js', import.meta.url).href;

/** What a process that loads the library finds in its environment afterwards. */
function spinCount(given: Record<string, string>): string {
  const { GOMP_SPINCOUNT: _, OMP_WAIT_POLICY: __, ...env } = process.env;
  const code = `await import(${JSON.stringify(LIBRARY)}); console.log(process.env.GOMP_SPINCOUNT ?? 'unset');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...env, ...given },
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout.trim();
}

test('idle threads spin briefly, unless the user says how long', () => {
  assert.equal(spinCount({}), '1000');
  assert.equal(spinCount({ GOMP_SPINCOUNT: '7' }), '7');
  assert.equal(spinCount({ OMP_WAIT_POLICY: 'active' }), 'unset');
});

test('a worker that takes one thread for itself before the main thread computes leaves the main thread its own', {
  skip: availableParallelism() < 2,
}, () => {
  const worker = `import(${JSON.stringify(LIBRARY)}).then(({ setThreads }) => setThreads(1))`;
  const code = `const { threads } = await import(${JSON.stringify(LIBRARY)}); const { Worker } = await import('node:worker_threads');
    await new Promise((resolve) => new Worker(${JSON.stringify(worker)}, { eval: true }).on('exit', resolve));
    console.log(threads());`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, OMP_NUM_THREADS: '2' },
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(stdout.trim(), '2');
});
