import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { noteOnce } from './note-once.js';

test('a note is reported once a process, whichever of its threads finds it', async (t) => {
  const told: string[] = [];
  t.mock.method(process.stderr, 'write', (text: string) => {
    told.push(text);
    return true;
  });
  const module = JSON.stringify(import.meta.resolve('./note-once.js'));
  const script = `import(${module}).then(({ noteOnce }) => { noteOnce('a in x', 'a'); noteOnce('b'); });`;
  const threads = [1, 2].map(() => new Worker(script, { eval: true }));
  await Promise.all(threads.map((thread) => once(thread, 'exit')));
  for (let i = 0; i < 200 && told.length < 2; i++) await wait(10);
  noteOnce('a in y', 'a');
  await wait(20);
  assert.deepEqual(told.map((text) => text.trim()).toSorted(), ['note: a in x', 'note: b']);
});
