import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { measuredLines } from './score-lines.js';
import { scoreRun } from './score-run.js';

const ANNOTATION = {
  caption: 'A man walks to the door and opens it. The camera pans left.',
  camera_motion: 'The camera pans left.',
  num_subjects: 'Single subject',
  motion_list: 'Subject 1: Man [walks to the door, opens the door]',
  chronological_motion_list: 'walks to the door (Subject 1), opens the door (Subject 1)',
};

/** A run's folder with a caption of each video; null: it could not be asked. */
function writeRun(captions: (string | null)[]): string {
  const dir = join(temporaryFolder(), 'run');
  mkdirSync(dir);
  const video = {
    fps: 1,
    frames: 0,
    minFrames: 4,
    maxFrames: 768,
    frameRule: 'auto',
    maxPixels: 151200,
    system: 'auto',
  };
  const settings = {
    ...{ benchmark: 'favor-open', split: 'all', types: [], limit: 0, protocol: 'official', protocolVersion: 1 },
    ...{ judge: null, subtitles: false, video, decoding: { maxNewTokens: 9 }, changed: [], data: 'd', model: 'm' },
    ...{ dtype: 'float32', batch: 1 },
  };
  const run = {
    ...{ settings, vlm: { dir: 'x', family: 'internvl3', weights: 'trained' }, data: { questions: captions.length } },
    ...{ bad: [], notes: [], code: 'test' },
  };
  writeFileSync(join(dir, 'run.json'), JSON.stringify(run));
  const lines = captions.map((output, i) => {
    const error = output === null ? { error: { code: 'ERR_VIDEO', message: 'torn' } } : {};
    return JSON.stringify({
      id: `v${i}`,
      ...{ type: 'caption', tags: {}, question: '', options: [], letters: [], right: null, medium: 'v.mp4' },
      ...{ judged: {}, chosen: null, frames: [] },
      output,
      correct: null,
      parsed: {},
      annotation: ANNOTATION,
      ...error,
    });
  });
  writeFileSync(join(dir, 'answers.jsonl'), `${lines.join('\n')}\n`);
  return dir;
}

const finalOf = (captions: (string | null)[]) => {
  const lines = measuredLines(scoreRun(writeRun(captions)));
  return lines.find(({ metric }) => metric === 'final')!;
};

test('captions are scored with FAVOR’s open metric, and every line says that it is not comparable', () => {
  const good = finalOf([ANNOTATION.caption]);
  const other = finalOf(['A dog sleeps.']);
  assert.ok(good.value! > other.value! + 20, `${good.value} and ${other.value}`);
  assert.match(good.recipe, /not comparable with published LLM-free numbers/);
  assert.deepEqual([good.total, good.low], [1, null]);
});

test('a video without a caption counts 0; means have intervals', () => {
  const both = finalOf([ANNOTATION.caption, ANNOTATION.caption]);
  const half = finalOf([ANNOTATION.caption, null]);
  assert.ok(Math.abs(half.value! - both.value! / 2) < 1e-9);
  assert.equal(half.total, 2);
  assert.ok(half.low! < half.value! && half.high! > half.value!);
  assert.deepEqual(
    [both.low, both.high].map((x) => Math.abs(x! - both.value!) < 1e-9),
    [true, true],
  );
});

test('what step 1 makes of the captions is written as the authors’ step 2 reads it', () => {
  const dir = writeRun([ANNOTATION.caption, null]);
  const records = JSON.parse(scoreRun(dir).own!.files!['favor_step1.json']!) as Record<string, Record<string, string>>;
  assert.deepEqual(Object.keys(records), ['v0']);
  assert.equal(records.v0!.model_caption, ANNOTATION.caption);
  assert.match(records.v0!.motion_list!, /^Subject 1: /);
});
