import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodePng } from '@motion-enhancer/core/internal/data/image/index.js';
import { readRows } from '@motion-enhancer/core/internal/data/rows.js';
import { readFrames } from '@motion-enhancer/core/internal/data/video/index.js';
import { makeClip } from '@motion-enhancer/motion-world/internal/generate/index.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { refuses, runCli } from '../testing.js';

test('world make writes videos, masks, captions and questions that are the generator’s', async () => {
  const dir = temporaryFolder();
  const { code, err } = await runCli([
    'world',
    'make',
    '--out',
    dir,
    '--split',
    'test',
    '--first',
    '4',
    '--count',
    '3',
  ]);
  assert.equal(code, 0, err);
  const lines = readFileSync(join(dir, 'clips.jsonl'), 'utf8').trimEnd().split('\n');
  const questions: string[] = [];
  for (const [i, line] of lines.entries()) {
    const { frames, masks, ...clip } = makeClip('test', 4 + i);
    const written = JSON.parse(line) as { video: string; masks: string };
    assert.deepEqual({ ...written, ...clip }, written);
    const video = await readFrames(join(dir, written.video));
    assert.deepEqual(Buffer.from(video.data), Buffer.from(frames));
    const picture = decodePng(readFileSync(join(dir, written.masks)));
    assert.deepEqual(Buffer.from(picture.data.filter((_, at) => at % picture.channels === 0)), Buffer.from(masks));
    questions.push(...clip.questions.map(({ text }) => text));
  }
  const { rows, bad } = await readRows(join(dir, 'train.json'));
  assert.deepEqual([bad.length, rows.map(({ turns }) => turns[0]!.content.replace('<video>\n', ''))], [0, questions]);
  const bench = readFileSync(join(dir, 'video_info.meta.jsonl'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    bench.map((line) => JSON.parse(line).qa[0].question),
    questions,
  );
});

test('world show writes a contact sheet and prints the right answers; mistakes are named', async () => {
  const dir = temporaryFolder();
  const { code, out } = await runCli(['world', 'show', '--out', dir, '--count', '2', '--frames', '5', '--videos']);
  assert.equal(code, 0);
  const { width, height } = decodePng(readFileSync(join(dir, 'train-0.png')));
  assert.deepEqual([width, height], [5 * 68 + 4, 2 * 68 + 4]);
  const { caption, questions } = makeClip('train', 0);
  assert.ok(out.includes(caption));
  assert.ok(out.includes(`*${'ABCD'[questions[0]!.answer]}. ${questions[0]!.options[questions[0]!.answer]}`));
  assert.equal((await readFrames(join(dir, 'train-00000.mov'))).timestamps.length, 5);
  await refuses(['world'], /Expected make, .*show.* after world but received nothing/);
  await refuses(['world', 'mak'], /received "mak"\. Did you mean make/);
  await refuses(['world', 'make'], /out/);
});
