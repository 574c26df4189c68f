import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  emptyFolder,
  goodRows,
  SMALL,
  tinyVdm,
  writeRows,
} from '@motion-enhancer/core/internal/prior/dataset/testing.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { jsonLines, refuses, runCli } from '../testing.js';

const dir = temporaryFolder();

describe('priors and extract --data on the command line', () => {
  test('mistakes are told', async () => {
    const rows = writeRows(join(dir, 'rows.jsonl'), goodRows(1));
    const extract = ['extract', '--vdm', 'x', '--out', join(dir, 'out')];
    const REFUSED: [string[], RegExp][] = [
      [['priors'], /Expected verify, gc or stats and a folder of priors but received nothing/],
      [['priors', 'count', dir], /received "count/],
      [['priors', 'constructor', dir], /received "constructor/],
      [['priors', 'verify'], /received "verify"/],
      [['priors', 'stats', join(dir, 'absent')], /There is no folder of priors/],
      [extract, /Expected either --video or --data but received neither/],
      [[...extract, '--video', 'a', '--data', rows], /received both/],
      [[...extract, '--data', rows, '--text', 'a'], /Expected --text only with --video/],
      [[...extract, '--data', rows, '--id', 'a'], /Expected --id only with --video/],
      [[...extract, '--video', 'a'], /Expected a text for --text/],
      [[...extract, '--data', rows, '--shard', '2/2'], /Expected i\/n .* received "2\/2"/],
      [[...extract, '--data', join(dir, 'absent.json')], /cannot be read/],
    ];
    for (const [args, message] of REFUSED) await refuses(args, message);
    assert.ok(!existsSync(join(dir, 'out')), 'nothing is made for a refused command');
  });

  test('verify, stats and gc say what they found, in words and as JSON', async () => {
    const out = join(dir, 'store');
    const args = ['--vdm', tinyVdm(join(dir, 'vdm')), '--out', out, ...SMALL.filter((flag) => flag !== '--json')];
    const data = writeRows(join(dir, 'two.jsonl'), goodRows(2));
    const made = await runCli(['extract', '--data', data, ...args]);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /^priors {3}.*: 2 done, 0 existed, 0 failed\nmanifest .*manifest-[0-9a-f]{8}\.json\n$/);
    const verified = await runCli(['priors', 'verify', out]);
    assert.deepEqual([verified.code, verified.out], [0, '2 of 2 priors verify\n']);
    const stats = await runCli(['priors', 'stats', out]);
    assert.match(stats.out, /^2 priors, /);
    assert.match(
      stats.out,
      /\nmodel .*\(random weights\), float32\noptions [0-9a-f]{8} {2}frames 5, height 32, width 48\n/,
    );
    assert.match(stats.out, /\ngrids {3}1 × 2 × 3: 2\ntexts {3}caption: 2\nwords /);
    writeFileSync(join(out, '.aa.claim'), JSON.stringify({ pid: 1, host: 'elsewhere', started: '', token: 'x' }));
    writeFileSync(join(out, '.00.safetensors.1-ff.tmp'), 'half');
    const [tidied] = jsonLines((await runCli(['priors', 'gc', out, '--dry-run', '--json'])).out);
    assert.deepEqual([tidied!.dryRun, tidied!.files], [true, []], 'both are young');
  });

  test('an empty folder has nothing to verify', async () => {
    const { code, out } = await runCli(['priors', 'verify', emptyFolder(dir, 'empty')]);
    assert.deepEqual([code, out], [0, '0 of 0 priors verify\n']);
  });
});
