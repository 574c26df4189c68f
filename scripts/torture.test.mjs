// The short form of `npm run torture` (docs/reliability.md): half a minute on an idle machine.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('torture for a short while: nothing is lost, silent, untyped or without an end', { timeout: 300_000 }, () => {
  const script = fileURLToPath(new URL('./torture.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [script, '--seconds', '18', '--seed', '1'], { encoding: 'utf8' });
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  assert.match(run.stdout, /\| mutated \| videos \| [1-9]/);
  assert.match(run.stdout, /\| a byte flipped in \| run\.json \| [1-9]/);
  assert.match(run.stdout, /\| extract \| [1-9]\d* \| \d+ kills/);
});
