import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { scope } from '@motion-enhancer/libtorch';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { jsonLines, refuses, spawnCli } from './testing.js';

const TOY = fixture('../plugins/toy-diffusion.mjs');
const dir = temporaryFolder();

test('extract makes priors of a data set with a diffusion model of a plugin; without it, it says so', async () => {
  const toy = (await import(TOY)) as { writeToyDiffusion(dir: string): string };
  const [vdm, out, data] = [toy.writeToyDiffusion(join(dir, 'toy')), join(dir, 'priors'), join(dir, 'data.json')];
  const row = (id: string, caption: string) => ({ id, video: fixture('videos/made_vfr.mkv'), caption });
  writeFileSync(data, JSON.stringify([row('a', 'a dog jumps'), row('b', 'two cats sleep now')]));
  const options = ['--frames', '9', '--height', '32', '--width', '48', '--steps', '2', '--device', 'cpu', '--json'];
  const args = ['extract', '--vdm', vdm, '--data', data, '--out', out, ...options];
  const { code, out: told, err } = await spawnCli(['--plugin', TOY, ...args]);
  assert.equal(code, 0, err);
  const { done, failed } = jsonLines(told).at(-1)! as { done?: number; failed?: number };
  assert.deepEqual([done, failed], [2, 0], err);
  const store = new PriorStore(out);
  for (const [id, words] of [
    ['a', 3],
    ['b', 4],
  ] as const) {
    const { key } = store.samples().get(id)!;
    assert.ok(store.verifies(key));
    scope(() => assert.deepEqual(store.read(key).rows_WFHW.shape, [words, 3, 4, 6]));
  }
  // By another preset, whose options stand under those that are given, the same rows have other priors; these are found again.
  const renoise = ['--plugin', TOY, ...args, '--preset', 'renoise-2', '--head-count', '1'];
  for (const [fresh, there] of [
    [2, 0],
    [0, 2],
  ]) {
    const again = await spawnCli(renoise);
    assert.equal(again.code, 0, again.err);
    const { done, existed } = jsonLines(again.out).at(-1)! as { done?: number; existed?: number };
    assert.deepEqual([done, existed], [fresh, there], again.err);
  }
  const made = store.samples().get('a')!.options;
  assert.deepEqual([made.mode, made.levels, made.draws, made.headCount, made.spread], ['renoise', '200', 2, 1, 2]);
  assert.equal(store.keys().length, 4);
  await refuses(args, /for _class_name in .*"ToyVideoPipeline".*--plugin FILE\.mjs/, spawnCli);
});
