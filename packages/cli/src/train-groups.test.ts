// Training on several processes, as launchers and we ourselves start them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { writeSmallVlm } from '@motion-enhancer/core/internal/train/parallel/testing/write-small-vlm.js';
import { OTHER_VIDEO, TEXT, VIDEO } from '@motion-enhancer/core/internal/train/testing.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { type CliResult, jsonLines, refuses, spawnCli } from './testing.js';

const dir = temporaryFolder();
const vlm = writeSmallVlm(join(dir, 'vlm'));
const data = join(dir, 'data.jsonl');
const line = (id: string, video: string) => ({
  ...{ id, video },
  messages: [
    { role: 'user', content: '<video>What happens?' },
    { role: 'assistant', content: TEXT },
  ],
});
writeFileSync(data, [line('a', VIDEO), line('b', OTHER_VIDEO)].map((row) => `${JSON.stringify(row)}\n`).join(''));
const run = (out: string) => [
  ...['train', '--vlm', vlm, '--data', data, '--out', join(dir, out), '--device', 'cpu', '--threads', '1'],
  ...['--steps', '2', '--batch-size', '2', '--max-pixels', '3136', '--lr', '1e-3', '--save-every', '0'],
];
const losses = (out: string) =>
  readFileSync(join(dir, out, 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text).lossAr as number);

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function assertWell(ends: readonly CliResult[], out: string): void {
  for (const [rank, { code, err }] of ends.entries()) assert.equal(code, 0, `rank ${rank}\n${err}`);
  assert.match(ends[0]!.out, /^checkpoint /);
  assert.match(ends[0]!.err, /2 ranks on 1 hosts over gloo/);
  assert.deepEqual([ends[1]!.out, ends[1]!.err], ['', ''], 'only the first rank speaks');
  assert.deepEqual(readdirSync(join(dir, out, 'ranks')), ['rank-0000.jsonl', 'rank-0001.jsonl', 'rank-0001.log']);
}

describe('several processes', { concurrency: 2 }, () => {
  test('--processes: one report and one log for all, a log of each; JSON as of one process', async () => {
    const { code, out, err } = await spawnCli([...run('own'), '--processes', '2', '--sharding', 'full', '--json']);
    assert.equal(code, 0, err);
    assert.equal(jsonLines(out)[0]!.type, 'trained');
    const steps = jsonLines(err).filter(({ type }) => type === 'step');
    assert.deepEqual(
      steps.map(({ ranks, samples }) => [ranks, (samples as string[]).toSorted()]),
      [1, 2].map(() => [2, ['a', 'b']]),
    );
    assert.deepEqual(readdirSync(join(dir, 'own/ranks')), ['rank-0000.jsonl', 'rank-0001.jsonl', 'rank-0001.log']);
    // Finished: nothing is trained, with any number of processes.
    const again = await spawnCli([...run('own'), '--processes', '3', '--resume']);
    assert.equal(again.code, 0, again.err);
    assert.match(again.err, /the run is finished/);
  });

  test('the variables of torchrun', async () => {
    const port = await freePort();
    const rank = (k: number) =>
      spawnCli(run('torchrun'), {
        ...{ RANK: `${k}`, LOCAL_RANK: `${k}`, WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}` },
      });
    assertWell(await Promise.all([rank(0), rank(1)]), 'torchrun');
  });

  test("Slurm's", async () => {
    const port = await freePort();
    const rank = (k: number) =>
      spawnCli(run('slurm'), {
        ...{ SLURM_PROCID: `${k}`, SLURM_LOCALID: `${k}`, SLURM_NTASKS: '2', SLURM_JOB_NODELIST: 'localhost' },
        ...{ SLURM_JOB_ID: `${port}`, MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}` },
      });
    assertWell(await Promise.all([rank(0), rank(1)]), 'slurm');
  });

  test('what cannot be is refused before anything is read', async () => {
    await refuses([...run('no'), '--processes', '2', '--gpus', '2'], /not both/);
    await refuses([...run('no').filter((word) => word !== 'cpu' && word !== '--device'), '--gpus', '0'], /for gpus/);
  });
});

test('all of them learned the same', () => {
  const [own, ...others] = ['own', 'torchrun', 'slurm'].map(losses);
  for (const other of others)
    for (const [i, loss] of other.entries()) assert.ok(Math.abs(loss - own![i]!) < 1e-5, `${loss} ${own![i]}`);
});
