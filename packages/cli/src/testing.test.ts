import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli, spawnCli } from './testing.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const listening = () => SIGNALS.map((name) => process.listenerCount(name));

test('a command within this process says what it says in one of its own, and leaves nothing behind', async () => {
  const before = [process.cwd(), process.stdout.write, process.stderr.write, { ...process.env }, listening()];
  for (const args of [[], ['probe'], ['extrct'], ['train', '--steps', 'x']])
    assert.deepEqual(await runCli(args), await spawnCli(args), args.join(' '));
  assert.deepEqual(
    [process.cwd(), process.stdout.write, process.stderr.write, { ...process.env }, listening()],
    before,
  );
});

test('commands at one time are heard apart; plugins need a process of their own', async () => {
  const [list, wrong] = await Promise.all([runCli(['--help']), runCli(['nothing'])]);
  assert.deepEqual([list.code, list.err, wrong.code, wrong.out], [0, '', 2, '']);
  assert.match(wrong.err, /^error: There is no command nothing\./);
  assert.throws(() => runCli(['--plugin', 'a.mjs', 'probe']), /spawnCli/);
});
