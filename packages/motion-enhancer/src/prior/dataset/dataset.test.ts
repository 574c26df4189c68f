import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import type { Failure } from './failures.js';
import type { RunManifest } from './manifest.js';
import { contents, goodRows, leftovers, SMALL, start, tinyVdm, writeRows } from './testing.js';

const COUNT = 12;
const dir = temporaryFolder();
const at = (name: string) => join(dir, name);
const seed = freshSeed();
const random = randomSource(seed);
const lines = <T>(path: string): T[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

let vdm = '';
let data = '';
/** What a run that nothing disturbs makes. */
let whole: Record<string, unknown> = {};
const extract = (out: string, from = data, ...more: string[]) =>
  start(['extract', '--vdm', vdm, '--data', from, '--out', out, ...SMALL, ...more]);

describe(`priors of a data set (TEST_SEED=${seed})`, { timeout: 300_000 }, () => {
  before(async () => {
    vdm = tinyVdm(at('vdm'));
    data = writeRows(at('data.jsonl'), goodRows(COUNT));
    const { code, summary, err } = await extract(at('whole')).ended;
    assert.equal(code, 0, err);
    assert.deepEqual([summary.done, summary.existed, summary.failed, summary.left], [COUNT, 0, 0, 0]);
    whole = contents(at('whole'));
    assert.equal(Object.keys(whole).length, COUNT);
  });

  test('a second run computes nothing; the manifest has settings and counts, other settings another manifest', async () => {
    const first = await extract(at('whole')).ended;
    assert.deepEqual([first.code, first.summary.done, first.summary.existed], [0, 0, COUNT]);
    const manifest = JSON.parse(readFileSync(first.summary.manifest, 'utf8')) as RunManifest;
    assert.equal(manifest.state, 'finished');
    assert.deepEqual(manifest.counts, { rows: COUNT, done: 0, existed: COUNT, failed: 0 });
    assert.deepEqual([manifest.captures, manifest.planned.squareSum], [{ accumulate: COUNT }, 'accumulate']);
    assert.match(first.err, /"type":"plan"/);
    assert.deepEqual(
      [manifest.options.frames, manifest.model.weights, manifest.textFrom],
      [5, 'random', 'descriptive'],
    );
    const other = await extract(at('whole'), data, '--limit', '2').ended;
    assert.notEqual(other.summary.manifest, first.summary.manifest);
    assert.deepEqual(contents(at('whole')), whole);
  });

  test('texts that are not seen whole are told and counted; one of unknown words alone is refused', async () => {
    const out = at('texts');
    const { code, err, rows, summary } = await extract(out, fixture('cases/text-too-long/longzh.json')).ended.then(
      async (ended) => ({ ...ended, rows: lines<Failure>(join(out, 'failed.jsonl')) }),
    );
    assert.deepEqual([code, summary.done, summary.failed], [0, 1, 1]);
    assert.match(err, /limit cut \d+ words of 1 rows/);
    assert.match(rows[0]!.reason, /knows none of them/);
    const { texts } = JSON.parse(readFileSync(summary.manifest, 'utf8')) as RunManifest;
    assert.ok(texts.cutWords > 400 && texts.cutWords < 480, `${texts.cutWords}`);
    assert.deepEqual([texts.cutRows, texts.unknownRows], [1, 0]);
    const again = await extract(out, fixture('cases/text-too-long/longzh.json')).ended;
    assert.equal(again.summary.existed, 1);
    assert.deepEqual((JSON.parse(readFileSync(summary.manifest, 'utf8')) as RunManifest).texts, texts);
    const one = fixture('cases/text-too-long/one.mkv');
    const single = await start([
      'extract',
      '--vdm',
      vdm,
      '--video',
      one,
      '--text',
      '红色方块向左滑动',
      '--out',
      out,
      ...SMALL,
    ]).ended;
    assert.equal(single.code, 2);
    assert.match(single.err, /^error: Expected words that the diffusion model knows for text/m);
  });

  test('kill -9 at random moments costs the row in flight: what is there is whole, the end is the same', async () => {
    const out = at('killed');
    let total = 0;
    for (let kills = 0; kills < 4; kills++) {
      const run = extract(out);
      // Also before the first row, yet mostly among rows.
      await run.stage(kills === 0 ? 'load' : 'compute');
      await sleep(random.next() * 600);
      run.child.kill('SIGKILL');
      await run.ended;
      const now = contents(out);
      total = Object.keys(now).length;
      for (const [key, prior] of Object.entries(now)) assert.deepEqual(prior, whole[key]);
    }
    const { code, summary, err } = await extract(out).ended;
    assert.equal(code, 0, err);
    // The killed process may have written a row that it had no time to tell.
    assert.deepEqual([summary.done, summary.existed], [COUNT - total, total]);
    assert.deepEqual(contents(out), whole);
    const kept = leftovers(out).filter((name) => !name.startsWith('.manifest-'));
    assert.deepEqual(kept, []);
  });

  test('SIGINT: the row in flight is finished, exit code 130; so with SIGTERM', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const out = at(signal);
      const run = extract(out);
      await run.stage('compute');
      run.child.kill(signal);
      const { code, err, summary } = await run.ended;
      assert.equal(code, 130, err);
      assert.match(err, new RegExp(`${signal}: the row in flight is finished`));
      assert.ok(summary.left > 0 && summary.done > 0, JSON.stringify(summary));
      assert.equal(summary.done, run.rows.filter((row) => row.state === 'done').length);
      const now = contents(out);
      assert.equal(Object.keys(now).length, summary.done);
      assert.deepEqual(leftovers(out), []);
      assert.equal((JSON.parse(readFileSync(summary.manifest, 'utf8')) as RunManifest).state, 'interrupted');
    }
  });

  test('a second signal ends it at once', async () => {
    const run = extract(at('twice'), data, '--steps', '200');
    await run.stage('compute');
    run.child.kill('SIGINT');
    while (!run.child.killed) await sleep(5);
    await sleep(50);
    run.child.kill('SIGINT');
    // The first may reach the process only after the row; the second then is not needed.
    const { code, signal } = await run.ended;
    assert.ok(signal === 'SIGINT' || code === 130, `${code} ${signal}`);
    const again = await extract(at('twice'), data, '--steps', '200', '--limit', '1').ended;
    assert.equal(again.code, 0, 'the claim of the ended process is taken over');
  });

  test('two processes on one store: each row once, both end with all of them', async () => {
    const out = at('both');
    const runs = [extract(out), extract(out)];
    const ends = await Promise.all(runs.map((run) => run.ended));
    assert.deepEqual(
      ends.map(({ code }) => code),
      [0, 0],
    );
    const done = runs.flatMap((run) => run.rows.filter((row) => row.state === 'done').map((row) => row.id));
    assert.deepEqual(
      done.toSorted(),
      goodRows(COUNT)
        .map((row) => row.id)
        .toSorted(),
    );
    for (const { summary } of ends) assert.equal(summary.done + summary.existed, COUNT);
    assert.deepEqual(contents(out), whole);
    assert.deepEqual(leftovers(out), []);
  });

  test('a process that is killed while another waits for its row: the other takes it over', async () => {
    const out = at('widowed');
    const first = extract(out);
    await first.stage('compute');
    const second = extract(out);
    await second.stage('load');
    first.child.kill('SIGKILL');
    const [, { code, summary }] = await Promise.all([first.ended, second.ended]);
    assert.deepEqual([code, summary.done + summary.existed, summary.left], [0, COUNT, 0]);
    assert.deepEqual(contents(out), whole);
  });

  test('shards 0/2 and 1/2 share nothing and make all', async () => {
    const out = at('shards');
    const ends = await Promise.all(['0/2', '1/2'].map((shard) => extract(out, data, '--shard', shard).ended));
    assert.deepEqual(
      ends.map(({ code, summary }) => [code, summary.done, summary.existed]),
      [
        [0, COUNT / 2, 0],
        [0, COUNT / 2, 0],
      ],
    );
    assert.deepEqual(contents(out), whole);
  });

  test('bad rows among good ones are told and counted, and stop nothing', async () => {
    const [a, b] = goodRows(2) as [object, object];
    const corrupted = fixture('videos/decord_corrupted.mp4');
    const rows = [
      { id: 'absent', video: 'nowhere.mp4', caption: 'A dog runs.' },
      a,
      { id: 'broken', video: corrupted, caption: 'A dog runs.' },
      { id: 'sound', video: fixture('videos/made_audio_only.m4a'), caption: 'A dog runs.' },
      {
        id: 'empty',
        video: fixture('videos/made_vfr.mkv'),
        conversations: [
          { from: 'human', value: 'Describe it.' },
          { from: 'gpt', value: ' ' },
        ],
      },
      { id: 'wordless', video: fixture('videos/made_vfr.mkv'), caption: '...' },
      '{"id": ',
      b,
    ];
    const mixed = writeRows(at('mixed.jsonl'), rows);
    const REASONS: [number, string, RegExp][] = [
      [1, 'absent', /no such file/],
      [3, 'broken', /is corrupt/],
      [4, 'sound', /video/],
      [5, 'empty', /its answer is empty/],
      [6, 'wordless', /has no word/],
      [7, 'row-7', /not valid JSON/],
    ];
    const run = extract(at('mixed'), mixed);
    const { code, summary, err } = await run.ended;
    assert.deepEqual([code, summary.done, summary.failed, summary.left], [0, 2, REASONS.length, 0], err);
    const failed = lines<Failure>(join(at('mixed'), 'failed.jsonl'));
    assert.deepEqual(
      failed.map(({ line, id }) => [line, id]),
      REASONS.map(([line, id]) => [line, id]),
    );
    for (const [i, [, , reason]] of REASONS.entries()) assert.match(failed[i]!.reason, reason);
    assert.deepEqual(leftovers(at('mixed')), []);

    const brokenIn = (manifest: string) =>
      (JSON.parse(readFileSync(manifest, 'utf8')) as RunManifest).broken.map(({ id, used }) => [id, used]);
    assert.deepEqual(brokenIn(summary.manifest), [
      ['absent', false],
      ['broken', false],
      ['sound', false],
    ]);
    const used = await extract(at('mixed'), mixed, '--on-broken', 'use').ended;
    assert.deepEqual(brokenIn(used.summary.manifest), [
      ['absent', false],
      ['broken', true],
      ['sound', false],
    ]);
    assert.deepEqual([used.summary.done, used.summary.existed, used.summary.failed], [1, 2, REASONS.length - 1]);
    const verdicts = Object.values(contents(at('mixed'))).map(
      (p) => (p as { video: { verdict: string } }).video.verdict,
    );
    assert.deepEqual(verdicts.toSorted(), ['corrupt', 'ok', 'ok']);
    const strict = await extract(at('strict'), mixed, '--on-broken', 'fail').ended;
    assert.equal(strict.code, 2);
    assert.match(strict.err, /error: Row 1 \(absent\) has no prior: .*no such file.*--on-broken fail/);
    // The prior of a broken video counts only where such videos are wanted.
    const none = await extract(at('mixed'), writeRows(at('none.jsonl'), rows.slice(2, 6))).ended;
    assert.deepEqual([none.code, none.summary.failed], [2, 4], none.err);
  });

  test('a flipped byte anywhere in a prior is found, the prior deleted on request and made again', async () => {
    const out = at('flipped');
    await extract(out, data, '--limit', '3').ended;
    const good = contents(out);
    const [key] = Object.keys(good) as [string];
    const path = join(out, `${key}.safetensors`);
    const bytes = readFileSync(path);
    const place = random.below(bytes.length);
    bytes[place]! ^= 1 << random.below(8);
    writeFileSync(path, bytes);
    const gone = await start(['priors', 'verify', out, '--delete', '--json']).ended;
    assert.equal(gone.code, 2, `byte ${place}`);
    const { checked, bad } = gone.summary as unknown as { checked: number; bad: { key: string; deleted: boolean }[] };
    assert.deepEqual([checked, bad.map((b) => [b.key, b.deleted])], [3, [[key, true]]]);
    const again = await extract(out, data, '--limit', '3').ended;
    assert.deepEqual([again.summary.done, again.summary.existed], [1, 2]);
    assert.deepEqual(contents(out), good);
    const bytesAgain = readFileSync(path);
    bytesAgain[bytesAgain.length - 1]! ^= 1;
    writeFileSync(path, bytesAgain);
    const replaced = await extract(out, data, '--limit', '3').ended;
    assert.deepEqual(
      [replaced.summary.done, replaced.summary.existed],
      [1, 2],
      'extract replaces what does not verify',
    );
    assert.deepEqual(contents(out), good);
  });
});
