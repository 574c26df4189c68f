import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { hashFile, loaderFlags } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { stringify } from 'yaml';
import { COMMAND } from '../../testing/command.js';
import type { StepLog } from '../record/step-log.js';
import type { RunState } from '../state/states.js';
import { OTHER_VIDEO, row, testRecipe, timeless, VIDEO, writePrior, writeTestVlm } from '../testing.js';

const dir = temporaryFolder();
const at = (...parts: string[]) => join(dir, ...parts);
const vlm = writeTestVlm(at('vlm'));
const priors = at('priors');
for (const id of ['a', 'c']) writePrior(priors, id);
const rows = [
  row('a'),
  row('b', { video: OTHER_VIDEO }),
  row('c', { video: VIDEO }),
  row('gone', { video: at('no.mp4') }),
];
writeFileSync(at('data.json'), JSON.stringify(rows.map(({ id, video, turns }) => ({ id, video, messages: turns }))));

const loader = loaderFlags(process.execArgv);
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Settings whose every part has something to remember: λ moves, rows break, steps are sorted by work, rows of priors are scaled, ten epochs. */
function runFile(out: string, given: Record<string, unknown> = {}): string {
  const file = `${out}.yaml`;
  const { fps, maxPixels, ...recipe } = testRecipe({ steps: 20, batchSize: 2, warmupRatio: 0.1, seed: 7 });
  const { lambda: _, lambdaRatio: __, alignerLr: ___, ...plain } = recipe;
  const settings = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== null && value !== ''));
  writeFileSync(
    file,
    stringify({
      ...{ vlm, data: at('data.json'), priors, out, fps, maxPixels, ...settings },
      ...{
        lambda: 'auto:0.5',
        ratioEvery: 3,
        saveEvery: 10,
        threads: 1,
        lengthWindow: 3,
        priorScale: 'share',
        ...given,
      },
    }),
  );
  return file;
}

function start(
  ...argv: string[]
): ChildProcess & { ended: Promise<number | null>; err: () => string; out: () => string } {
  const child = spawn(process.execPath, [...loader, COMMAND, 'train', ...argv], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let err = '';
  let out = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  child.stdout.on('data', (text) => {
    out += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      children.delete(child);
      resolve(code);
    });
  });
  return Object.assign(child, { ended, err: () => err, out: () => out });
}

const logOf = (out: string): StepLog[] =>
  existsSync(join(out, 'log.jsonl'))
    ? readFileSync(join(out, 'log.jsonl'), 'utf8')
        .split('\n')
        .flatMap((line) => {
          try {
            return [JSON.parse(line) as StepLog];
          } catch {
            return [];
          }
        })
    : [];

/** Waits until the run says on its console that it did a step. */
async function reaches(run: ReturnType<typeof start>, step: number): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (run.err().includes(`step ${step}/20 `)) return;
    if (run.exitCode !== null) break;
    await wait(25);
  }
  throw new Error(`step ${step} never came: ${run.err()}`);
}

test('20 steps equal 10, kill -9, and 10 more, bit for bit; a damaged state is passed over; SIGTERM saves', async () => {
  const whole = start(runFile(at('whole'), { saveEvery: 19 }));
  assert.equal(await whole.ended, 0, whole.err());
  const reference = logOf(at('whole'));
  assert.equal(reference.length, 20);

  const file = runFile(at('cut'), { saveEvery: 5, keepStates: 2, workers: 2 });
  const first = start(file);
  await reaches(first, 12);
  first.kill('SIGKILL');
  assert.equal(await first.ended, null);
  assert.deepEqual(
    readdirSync(at('cut', 'states')).filter((name) => !name.startsWith('.')),
    ['step-00000005', 'step-00000010'],
  );
  // Without --resume the run is not touched.
  const refused = start(file);
  assert.equal(await refused.ended, 2);
  assert.match(refused.err(), /holds a run that was saved after step 10\. Give --resume/);
  // Another recipe is not the same run, which is said before the model is looked at.
  const others = [
    { option: ['--lr', '2e-3'], told: /Expected 0\.001 .* for lr but received/ },
    { option: ['--sharpen', '4'], told: /Expected 1 .* for sharpen but received/ },
    { option: ['--prior-scale', 'raw'], told: /Expected "share" .* for priorScale but received/ },
  ];
  for (const { option, told } of others) {
    const other = start(file, '--resume', ...option, '--vlm', at('none'));
    assert.equal(await other.ended, 2);
    assert.match(other.err(), told);
  }

  // A byte that flipped: the state before it serves.
  const damaged = at('cut', 'states', 'step-00000010', 'state.safetensors');
  const fd = openSync(damaged, 'r+');
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, 4_000_000);
  writeSync(fd, Uint8Array.of(byte[0]! ^ 0x55), 0, 1, 4_000_000);

  const second = start(file, '--resume');
  await reaches(second, 7);
  second.kill('SIGTERM');
  assert.equal(await second.ended, 143, second.err());
  assert.match(second.err(), /step-00000010 is passed over: its content does not match its hash/);
  assert.match(second.out(), /stopped after step \d+ of 20; go on with: motion-enhancer train .*run\.yaml --resume/);

  // run.yaml, as the run wrote it, is enough.
  const third = start(at('cut', 'run.yaml'), '--resume', '--save-every', '19');
  assert.equal(await third.ended, 0, third.err());
  assert.deepEqual(timeless(logOf(at('cut'))), timeless(reference), 'losses, norms, λ, order of the data');
  assert.ok(new Set(reference.map((step) => step.lambda)).size > 3, 'λ moves');
  assert.ok(reference.some(({ gradRatio }) => gradRatio !== null));

  const stateOf = (run: string) =>
    JSON.parse(readFileSync(at(run, 'states', 'step-00000019', 'state.json'), 'utf8')) as RunState;
  const [a, b] = [stateOf('whole'), stateOf('cut')];
  assert.deepEqual([b.place, b.taken, b.broken, b.lambda], [a.place, a.taken, a.broken, a.lambda]);
  assert.ok(a.rowSum! > 0);
  assert.equal(b.rowSum, a.rowSum);
  assert.match(second.err(), /rows of priors are scaled to the sum 0\.\d+, as it was measured before the first step/);
  assert.ok(a.generators.cpu === b.generators.cpu, 'generators');
  assert.deepEqual(a.broken, [3]);
  assert.equal(b.sha256, a.sha256, 'weights, moments and aligner after step 19');
  const last = (run: string) => hashFile(at(run, 'checkpoint', 'model.safetensors'));
  assert.equal(last('cut'), last('whole'), 'exported weights');
});
