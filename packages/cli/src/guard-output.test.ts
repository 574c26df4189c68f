import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';

const module = new URL('./guard-output.js', import.meta.url).href;
const dir = temporaryFolder();

/** Runs a program under the guard by a shell line in which `$RUN` stands for it. */
function shell(line: string, program: string): Promise<{ code: number; err: string }> {
  const code = `import { guardOutput } from ${JSON.stringify(module)}; guardOutput(); ${program}`;
  const env = { ...process.env, NODE_TEST_CONTEXT: '', CODE: code, NODE: process.execPath };
  const whole = `set -o pipefail; run() { "$NODE" --input-type=module -e "$CODE"; }; ${line}`;
  return new Promise((resolve) =>
    execFile('bash', ['-c', whole], { env }, (error, _out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, err }),
    ),
  );
}

/** Says a lot on a stream over some turns of the event loop, then leaves a mark that the work was done. */
const work = (stream: 'stderr' | 'stdout', mark: string) =>
  `import { writeFileSync } from 'node:fs'; import { setTimeout as sleep } from 'node:timers/promises';
   for (let i = 0; i < 30; i++) { process.${stream}.write('x'.repeat(10000) + '\\n'); console.${stream === 'stderr' ? 'error' : 'log'}(i); await sleep(5); }
   writeFileSync(${JSON.stringify(mark)}, '');`;

for (const [name, line] of [
  ['full', 'run 2> /dev/full'],
  ['cut off', 'run 2> >(head -c 100 > /dev/null)'],
  ['closed', 'run 2>&-'],
])
  test(`stderr ${name}: the work is done, the exit code is 0`, async () => {
    const mark = join(dir, `err-${name}`);
    assert.equal((await shell(line!, work('stderr', mark))).code, 0);
    assert.ok(existsSync(mark));
  });

test('results that are not written are no success, though the work is done', async () => {
  const mark = (name: string) => join(dir, `out-${name}`);
  const full = await shell('run > /dev/full', work('stdout', mark('full')));
  assert.equal(full.code, 1);
  assert.match(full.err, /error: The results could not be written: .*ENOSPC/);
  const cut = await shell('run | head -c 100 > /dev/null', work('stdout', mark('cut')));
  assert.deepEqual([cut.code, cut.err], [141, '']);
  for (const name of ['full', 'cut']) assert.ok(existsSync(mark(name)), name);
  assert.equal((await shell('run | cat > /dev/null', work('stdout', mark('whole')))).code, 0);
});
