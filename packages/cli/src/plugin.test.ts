import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { readRunFile } from '@motion-enhancer/core/internal/config/read-run-file.js';
import { TOY_VLM, writeToyVlm } from '@motion-enhancer/core/internal/plugins/testing.js';
import { TEXT, VIDEO } from '@motion-enhancer/core/internal/train/testing.js';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { command as train } from './commands/train.js';
import { pluginsOfSettings, takePlugins } from './take-plugins.js';
import { jsonLines, refuses, spawnCli } from './testing.js';

const dir = temporaryFolder();
const vlm = await writeToyVlm(join(dir, 'toy'));

test('--plugin stands anywhere before --, several times', () => {
  assert.deepEqual(takePlugins(['--plugin', 'a.mjs', 'eval', '--plugin=b.mjs', '--out', 'x']), {
    plugins: ['a.mjs', 'b.mjs'],
    rest: ['eval', '--out', 'x'],
  });
  assert.deepEqual(takePlugins(['a', '--', '--plugin', 'x']), { plugins: [], rest: ['a', '--', '--plugin', 'x'] });
  for (const argv of [['eval', '--plugin'], ['--plugin', '--out', 'x'], ['--plugin=']])
    assert.throws(() => takePlugins(argv), { code: 'ERR_USAGE', message: /a path after --plugin/ });
  assert.deepEqual(pluginsOfSettings({ plugins: 'a.mjs', lr: 1 }), { plugins: ['a.mjs'], rest: { lr: 1 } });
  assert.throws(() => pluginsOfSettings({ plugins: [3] }), { code: 'ERR_VALUE' });
});

test('the command knows a family of a plugin; without it, and without the file, it says so', async () => {
  const ask = [
    'generate',
    '--vlm',
    vlm,
    '--video',
    VIDEO,
    '--frames',
    '2',
    '--max-new-tokens',
    '2',
    '--prompt',
    'What?',
  ];
  const { code, out, err } = await spawnCli(['--plugin', TOY_VLM, ...ask, '--json']);
  assert.equal(code, 0, err);
  assert.equal(jsonLines(out).at(-1)!.type, 'answer');
  await refuses(ask, /received "toy_vlm".*--plugin FILE\.mjs/);
  await refuses([...ask, '--plugin', join(dir, 'none.mjs')], /There is no plugin .*none\.mjs/, spawnCli);
});

test('a run file names plugins; the run it writes names them too', async () => {
  const data = join(dir, 'data.json');
  const conversations = [
    { from: 'human', value: '<video>\nWhat happens?' },
    { from: 'gpt', value: TEXT },
  ];
  writeFileSync(data, JSON.stringify([{ id: 'a', video: VIDEO, conversations }]));
  const file = join(dir, 'run.yaml');
  const out = join(dir, 'run');
  const settings = { vlm, data: [data], out, steps: 1, batchSize: 1, frames: 2, lr: 0.01, device: 'cpu', json: true };
  // JSON is YAML, too.
  writeFileSync(file, JSON.stringify({ plugins: [TOY_VLM], ...settings }));
  const silent = [mock.method(console, 'log', () => {}), mock.method(process.stderr, 'write', () => true)];
  try {
    assert.equal(await train.run([file]), 0);
  } finally {
    for (const one of silent) one.mock.restore();
  }
  assert.ok(existsSync(join(out, 'checkpoint/model.safetensors')));
  assert.deepEqual(readRunFile(join(out, 'run.yaml')).plugins, [TOY_VLM]);
});

test('a benchmark of a plugin is evaluated and compared', async () => {
  const toy = ['--plugin', fixture('../plugins/toy-benchmark.mjs')];
  const data = join(dir, 'toy-benchmark');
  mkdirSync(data);
  copyFileSync(VIDEO, join(data, 'a.mov'));
  const rows = ['still', 'moving', 'moving'].map((kind, i) => ({
    ...{ id: `t${i}`, kind, video: 'a.mov', question: 'Which?', options: ['red', 'blue'], answer: 'red' },
  }));
  writeFileSync(join(data, 'toy.json'), JSON.stringify(rows));
  const out = join(dir, 'toy-scores');
  const ask = ['eval', '--vlm', vlm, '--bench', 'toy', '--data', data, '--out', out, '--frames', '2'];
  const evaluated = await spawnCli([
    ...toy,
    '--plugin',
    TOY_VLM,
    ...ask,
    '--max-new-tokens',
    '2',
    '--device',
    'cpu',
    '--json',
  ]);
  assert.equal(evaluated.code, 0, evaluated.err);
  const scores = jsonLines(evaluated.out).at(-1)!;
  assert.deepEqual([scores.answers, scores.left, scores.official], [3, 0, { answered: 3 }]);
  assert.ok(existsSync(join(out, 'toy-submission.txt')));
  const compared = await spawnCli(['compare', out, ...toy]);
  assert.match(compared.out, /toy: measured by this project[\s\S]*toy-scores \(toy[\s\S]*Nobody-0B/);
  await refuses(ask, /Expected one of motionbench, .* for bench but received "toy"/);
});
