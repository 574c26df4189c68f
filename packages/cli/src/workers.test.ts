// Extraction and evaluation by several processes of one host.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { layOutBenchmark } from '@motion-enhancer/core/internal/eval/benchmarks/testing.js';
import { OTHER_VIDEO, TEXT, VIDEO } from '@motion-enhancer/core/internal/train/testing.js';
import { writeTestForm } from '@motion-enhancer/core/internal/vlm/testing.js';
import { demoCheckpoints } from '@motion-enhancer/motion-world/internal/demo/checkpoints.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { jsonLines, refuses, spawnCli } from './testing.js';

const dir = temporaryFolder();

describe('several processes', { concurrency: 2 }, () => {
  test('eval: the answers of one process, each by one of two; one score', async () => {
    const vlm = writeTestForm(join(dir, 'mini'), 'qwen-hub');
    const data = layOutBenchmark('motionbench', join(dir, 'motionbench'));
    const run = (out: string, ...more: string[]) => [
      ...['eval', '--vlm', vlm, '--bench', 'motionbench', '--data', data, '--out', join(dir, out), '--json'],
      ...['--max-pixels', '3136', '--frames', '2', '--max-new-tokens', '4', '--device', 'cpu', '--allow-counts'],
      ...['--protocol', 'lmms-eval', '--threads', '1', ...more],
    ];
    const one = await spawnCli(run('one'));
    const two = await spawnCli(run('two', '--processes', '2'));
    assert.deepEqual([one.code, two.code], [0, 0], two.err);
    const [mine, theirs] = [one, two].map(({ out }) => jsonLines(out)) as [object[], object[]];
    assert.equal(theirs.length, 1, 'the score is told once');
    const bare = (score: object) => {
      const { answers, left, errors, malformed } = score as Record<string, unknown>;
      return { answers, left, errors, malformed };
    };
    assert.deepEqual(bare(theirs[0]!), bare(mine[0]!));
    const shards = readdirSync(join(dir, 'two')).filter((name) => name.startsWith('answers'));
    assert.equal(shards.length, 2);
    await refuses(run('no', '--processes', '2', '--shard', '0/2'), /They take a shard each/);
  });

  test('extract --data: every row by one of two; who is there first reports', async () => {
    const { vdm } = demoCheckpoints(join(dir, 'demo'));
    const data = join(dir, 'data.jsonl');
    const line = (id: string, video: string) => JSON.stringify({ id, video, caption: `${TEXT} ${id}` });
    writeFileSync(data, ['a', 'b', 'c', 'd'].map((id, i) => `${line(id, i % 2 ? VIDEO : OTHER_VIDEO)}\n`).join(''));
    const run = (out: string) => [
      ...['extract', '--vdm', vdm, '--data', data, '--out', join(dir, out), '--device', 'cpu', '--threads', '1'],
      ...['--frames', '9', '--height', '64', '--width', '96', '--steps', '2', '--json'],
    ];
    const { code, out, err } = await spawnCli([...run('priors'), '--processes', '2']);
    assert.equal(code, 0, err);
    const reports = jsonLines(out);
    assert.equal(reports.length, 1);
    const [{ done, existed, failed, left, rows }] = reports as [Record<string, number>];
    assert.deepEqual([done! + existed!, failed, left, rows], [4, 0, 0, 4]);
    const priors = readdirSync(join(dir, 'priors')).filter((name) => name.endsWith('.safetensors'));
    assert.equal(priors.length, 4);
    const again = await spawnCli(run('priors'));
    assert.equal(jsonLines(again.out)[0]!.existed, 4, 'they are those that one process would make');
    const single = ['extract', '--vdm', vdm, '--video', VIDEO, '--text', TEXT, '--out', join(dir, 'x')];
    await refuses([...single, '--processes', '2'], /only with --data/);
  });
});
