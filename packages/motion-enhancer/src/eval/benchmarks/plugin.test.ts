// A benchmark that is a file outside src/ goes the whole way: loaded, asked, scored, compared.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { liveTensors } from '@motion-enhancer/libtorch';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import * as core from '../../index.js';
import { writeTestForm } from '../../vlm/testing.js';
import { MediaPool } from '../media/media-pool.js';
import { officialAccuracy } from '../report/official-accuracy.js';
import { renderText } from '../report/render.js';
import { wideTables } from '../report/wide-table.js';
import { evalOptions } from '../run/testing.js';

const { default: register } = (await import(
  pathToFileURL(fixture('../plugins/toy-benchmark.mjs')).href
)) as unknown as { default(given: { core: typeof core }): void };
register({ core });

const root = temporaryFolder();
const data = join(root, 'toy');
mkdirSync(join(data, 'videos'), { recursive: true });
copyFileSync(fixture('videos/made_vfr.mkv'), join(data, 'videos/a.mkv'));
const row = (id: string, kind: string, answer = 'red') => ({
  ...{ id, kind, video: 'a.mkv', question: 'What is seen:', options: ['red', 'blue'], answer },
});
writeFileSync(
  join(data, 'toy.json'),
  JSON.stringify([row('t1', 'still'), row('t2', 'moving'), row('t3', 'moving', 'blue')]),
);

const before = liveTensors();
const vlm = core.loadVlm(writeTestForm(join(root, 'vlm'), 'qwen-hub'), { device: 'cpu', dtype: 'float32' });
const pool = new MediaPool(vlm.dir, 1);
after(async () => {
  vlm.dispose();
  await pool.close();
  assert.equal(liveTensors(), before);
});

test('loaded, counted, asked, scored, compared', async () => {
  const loaded = await core.loadBenchmark('toy', data);
  assert.deepEqual(loaded.counts, { still: 1, moving: 2 });
  assert.deepEqual((await core.loadBenchmark('toy', data, { split: 'still' })).questions.length, 1);
  const runs = [];
  for (const protocolName of ['official', 'letter']) {
    const out = join(root, protocolName);
    const { answered } = await core.runEval(await evalOptions(vlm, 'toy', data, out, { protocolName, pool }));
    assert.equal(answered, 3);
    runs.push(core.scoreRun(out));
  }
  const [a, b] = runs as [core.RunScore, core.RunScore];
  assert.deepEqual(
    core.measuredLines(a).map(({ metric, total }) => [metric, total]),
    [
      ['overall', 3],
      ['average', null],
      ['still', 1],
      ['moving', 2],
      ['unparsed', 3],
    ],
  );
  assert.deepEqual(officialAccuracy(a), { answered: 3 });
  const { name, text } = core.benchmarkOf('toy').submission!(a.answers);
  assert.equal(name, 'toy-submission.txt');
  assert.match(text, /^t1 [AB-]\nt2 [AB-]\nt3 [AB-]\n$/);
  assert.equal(core.compareRuns(a, b, { resamples: 100, seed: 1 }).result.pairs, 3);
  const shown = renderText(wideTables([...core.measuredLines(a), ...core.reportedLines('toy')]));
  assert.match(shown, /toy: measured by this project[\s\S]*toy: reported by the paper[\s\S]*Nobody-0B +50\.00/);
});

test('what is not as published is refused; so are names that are taken and benchmarks that are not whole', async () => {
  const other = join(root, 'other.json');
  writeFileSync(other, readFileSync(join(data, 'toy.json'), 'utf8').replace('"still"', '"moving"'));
  await assert.rejects(core.loadBenchmark('toy', other), { name: 'UserError', message: /0 of still, not 1/ });
  const toy = core.benchmarkOf('toy');
  const refused: [Partial<core.Benchmark>, RegExp][] = [
    [{}, /"toy" cannot be registered: there is one of that name/],
    [{ name: 'Toy 2' }, /small letters/],
    [{ name: 'toy2' }, /protocol official names the benchmark toy/],
    [{ name: 'toy2', protocols: [core.letterProtocol('toy2')] }, /none of its protocols is called official/],
    [{ name: 'toy2', protocols: [{ ...core.letterProtocol('toy2'), name: 'official' }], layout: null }, /a layout or/],
  ];
  for (const [change, message] of refused)
    assert.throws(() => core.registerBenchmark({ ...toy, ...change }), { code: 'ERR_PLUGIN', message });
  assert.equal(core.benchmarks().length, 6);
});
