import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import { PRIOR_FIELDS } from '@motion-enhancer/core/internal/prior/config.js';
import { scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { addResults } from '../sweep/results.js';
import { SETUP, testResult } from '../sweep/testing.js';
import { TINY, worldTokenizer } from '../testing.js';
import { writeNewMiniVlm } from '../vlm/new-checkpoint.js';
import { demoCheckpoints } from './checkpoints.js';
import { shipped } from './shipped.js';
import { shippedSweep } from './shipped-sweep.js';
import { runWorldDemo } from './world-demo.js';
import { writeWorldPage } from './write-world-page.js';

leakFree('the demo in the motion world runs whole, and its page shows what it measured', async () => {
  const dir = temporaryFolder();
  writeNewMiniVlm(join(dir, 'vlm'), worldTokenizer(), { seed: 1, sizes: TINY });
  const { vdm } = demoCheckpoints(join(dir, 'checkpoints'));
  const stages: string[] = [];
  const progress = new Map<string, [number, number]>();
  const options = {
    ...{ out: join(dir, 'demo'), device: 'cpu', dtype: 'float32' as const, vlm: join(dir, 'vlm') },
    vdm: { dir: vdm, weights: 'random' as const },
    size: {
      ...{ clips: 3, extracted: 2, testClips: 3, steps: 2, batchSize: 3 },
      randomPrior: resolve(PRIOR_FIELDS, { frames: 5, height: 32, width: 48 }),
    },
    onStage: (name: string) => void stages.push(name),
    onProgress: (stage: string, done: number, total: number) => void progress.set(stage, [done, total]),
    onLine: () => {},
  };
  const report = await runWorldDemo(options);
  assert.deepEqual(stages, ['draw clips', 'extract', 'train plain', 'train aligned', 'evaluate']);
  for (const [stage, [done, total]] of progress) assert.equal(done, total, stage);
  assert.equal(progress.size, stages.length);
  assert.equal(report.shown.length, 4, 'two clips, one of them twice, and the real video');
  assert.deepEqual([report.plain.length, report.aligned.length], [2, 2]);
  assert.ok(report.aligned.every(({ lossAlign }) => lossAlign !== null && lossAlign > 0));
  assert.ok(report.plain.every(({ lossAlign }) => lossAlign === null));
  const recipe = JSON.parse(readFileSync(join(dir, 'demo', 'aligned', 'run.json'), 'utf8')).recipe;
  const { lambda, sharpen, priorScale, words, aligner } = recipe;
  assert.deepEqual([lambda, sharpen, priorScale, words, aligner], [1, 4, 'share', 'all', 'identity']);
  assert.match(report.commands.at(-1)!, /--aligner identity --lambda 1 --sharpen 4 --prior-scale share --words all$/);
  const rowSum = report.aligned[0]!.rowSum!;
  assert.ok(rowSum > 0);
  const counted = Object.values(report.scores.aligned).reduce((sum, [, count]) => sum + count, 0);
  assert.equal(counted, report.questions);
  assert.ok(existsSync(join(report.checkpoint, 'model.safetensors')));

  const ladder = join(dir, 'ladder.jsonl');
  const { setup: _, ...old } = testResult('masks', 0, 77);
  addResults(ladder, [
    old,
    ...[0, 1].flatMap((seed) => [testResult('plain', seed, 41), testResult('masks', seed, 49 + seed)]),
    ...[0, 1].map((seed) => testResult('masks:other', seed, 40)),
    { ...testResult('plain', 0, 63), setup: { ...SETUP, clips: 1600 } },
  ]);
  const { files, page } = scope(() => writeWorldPage(report, options, ladder));
  assert.ok(files.length > 3 && files.every((file) => existsSync(file)));
  const text = readFileSync(page, 'utf8');
  for (const part of [
    'real-video',
    'in the paper’s form',
    'fine-tuned, aligned',
    'without alignment',
    'The pull is that of change-r-last:sharp=4',
    'λ = 1, no aligner, all words, each map taken to the power 4 and scaled to the mean sum',
    `that the start model’s rows have on the maps’ grid (${rowSum.toPrecision(3)})`,
    'there are 2 steps in place of hundreds, which prove nothing',
    // Of 400 questions each: 2 and 2.25 points above plain, 2.25 and 2.5 above the control; t(1) is 12.706.
    '<title>masks, − plain +2.1 ± 1.6, − control +2.4 ± 1.6</title>',
    '<td>+2.1 ± 1.6</td><td>+2.4 ± 1.6</td>',
    '<summary>The same in numbers: 400 test questions about 100 clips;',
    '<summary>Another setup: 400 test questions about 100 clips;',
    '2 seeds an arm, 400 test questions about 100 clips. These are this project’s mini models',
    '<td>53.3</td>',
    'random',
  ])
    assert.ok(text.includes(part), part);
  assert.equal(text.match(/<svg class="forest"/g)?.length, 1, 'the main setup alone is drawn');
  assert.equal(text.match(/<details><summary>/g)?.length, 2, 'the old line makes no table');
  assert.doesNotMatch(text.replace(/<script>.*<\/script>/s, '').replace(/base64,[^")]*/g, ''), /NaN|undefined/);
});

test('an experiment of before setups were recorded is not shown', () => {
  const ladder = join(temporaryFolder(), 'ladder.jsonl');
  const { setup: _, ...old } = testResult('plain', 0, 77);
  addResults(ladder, [old]);
  assert.equal(shippedSweep(ladder), null);
});

leakFree('shipped: what is there is found, what is not is null', async () => {
  const dir = temporaryFolder();
  assert.deepEqual(shipped(dir), { vlm: null, vdm: null, ladder: null });
  writeNewMiniVlm(join(dir, 'vlm'), worldTokenizer(), { seed: 1, sizes: TINY });
  assert.equal(shipped(dir).vlm, join(dir, 'vlm'));
});
