import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { loadBenchmark } from './load.js';
import { splitAsLmmsEval, splitOptions } from './motionbench/load.js';
import { type EvalQuestion, type LoadedBenchmark, mediumKey, mediumPath } from './question.js';
import { parseSrt, readSrt, subtitlesAt } from './srt.js';
import { benchmarkOf } from './table.js';
import { type FixtureBenchmark, layOutBenchmark } from './testing.js';

const root = temporaryFolder();
const laidOut = new Map<FixtureBenchmark, string>();
const folder = (benchmark: FixtureBenchmark): string => {
  const dir = laidOut.get(benchmark) ?? layOutBenchmark(benchmark, join(root, benchmark));
  laidOut.set(benchmark, dir);
  return dir;
};
const allow = { allowCounts: true };
const byId = ({ questions }: LoadedBenchmark, id: string): EvalQuestion => questions.find((one) => one.id === id)!;

test('MotionBench: questions, their videos in both folders, malformed rows told', async () => {
  const loaded = await loadBenchmark('motionbench', folder('motionbench'), allow);
  assert.equal(loaded.questions.length, 13);
  const first = byId(loaded, 'u0a');
  assert.deepEqual(
    [first.type, first.question, first.letters, first.options[1], first.answer],
    ['MR', 'How does the shape move (motion recognition)?', ['A', 'B', 'C', 'D'], 'It falls', 'It slides to the right'],
  );
  assert.match(mediumPath(first.medium), /self-collected\/disc\.mp4$/);
  assert.match(mediumPath(byId(loaded, 'u2a').medium), /public-dataset\/7a1c_3_5\.mp4$/);
  assert.equal(mediumKey(byId(loaded, 'u0a').medium), mediumKey(byId(loaded, 'u0b').medium));
  assert.deepEqual(
    loaded.bad.map(({ reason }) => reason),
    [
      'not valid JSON',
      'm8a: its question has no stem',
      'm8b: its question has 0 options',
      'm8c: its answer "C" is none of A, B',
      'its id u0a is that of row 1 too',
      'no qa',
    ],
  );
  // Every published row is somewhere: 17 of DEV are counted, of which 4 are malformed.
  const counted = Object.values(loaded.counts).reduce((a, b) => a + b, 0);
  assert.deepEqual([counted, loaded.counts.CM], [17, 6]);
  assert.match(loaded.notes.join(), /counts differ.*17 rows, not 4018.*3 of MR, not 1478/);

  const hidden = await loadBenchmark('motionbench', folder('motionbench'), { split: 'test' });
  assert.deepEqual(
    hidden.questions.map(({ id, answer }) => [id, answer]),
    [
      ['t7a', null],
      ['t7b', null],
    ],
  );
});

test('options within a question: letters in order, lines that go on, other marks', () => {
  assert.deepEqual(splitOptions('What?\nWhen?\nA) one\nB. two\n  and more\nC.three'), {
    stem: 'What?\nWhen?',
    letters: ['A', 'B', 'C'],
    options: ['one', 'two\n  and more', 'three'],
  });
  // A stem's line may look like an option of another letter.
  assert.deepEqual(splitOptions('B. is a letter\nA. x\nB. y').stem, 'B. is a letter');
  assert.throws(() => splitOptions('A. x\nB. y'), /no stem/);
  assert.throws(() => splitOptions('What?\nA. x'), /1 options/);
  assert.throws(() => splitOptions('What?\nA. x\nB. '), /empty/);
});

test('lmms-eval’s way of splitting, by golden values', () => {
  const golden = JSON.parse(readFileSync(fixture('goldens/answer_parsing.json'), 'utf8')) as {
    motionbench_split: { in: string; stem: string; options: { label: string; text: string }[] }[];
  };
  assert.ok(golden.motionbench_split.length > 0);
  for (const { in: text, ...wanted } of golden.motionbench_split) assert.deepEqual(splitAsLmmsEval(text), wanted, text);
});

test('FAVOR: both files and both spellings of video_name say the same', async () => {
  const dir = folder('favor');
  const flat = await loadBenchmark('favor', dir, allow);
  const nested = await loadBenchmark('favor', join(dir, 'video_perspective.json'), allow);
  const facts = ({ questions }: LoadedBenchmark) =>
    questions.map(({ id, type, question, options, answer, medium }) => [
      id,
      type,
      question,
      options,
      answer,
      mediumPath(medium),
    ]);
  assert.equal(flat.questions.length, 8);
  assert.deepEqual(facts(flat), facts(nested));
  assert.ok(flat.questions.every(({ medium }) => existsSync(mediumPath(medium))));
  assert.equal(byId(flat, '0A1B2_1').answer, "A man's hand lifts the disc");
});

test('FAVOR: a right answer that is none of the options is kept, and told', async () => {
  const dir = layOutBenchmark('favor', join(root, 'favor-odd'));
  const file = join(dir, 'question_perspective.json');
  const rows = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>[];
  rows[2]!.correct_answer = 'something else';
  rows[3]!.options = 'no list';
  rows[4]!.task_type = 'Camera Motion';
  writeFileSync(file, JSON.stringify(rows));
  const loaded = await loadBenchmark('favor', dir, allow);
  assert.deepEqual([loaded.questions.length, loaded.bad.length], [7, 1]);
  assert.match(loaded.bad[0]!.reason, /0A1B2_4: options is no list/);
  assert.match(loaded.notes.join('\n'), /none of its options: 0A1B2_3/);
  assert.equal(byId(loaded, '0C3D4_1').type, 'CM');
});

test('FAVOR’s captions: one a video, with its annotation', async () => {
  const loaded = await loadBenchmark('favor-open', folder('favor'), allow);
  assert.deepEqual(
    loaded.questions.map(({ id, type, options }) => [id, type, options.length]),
    [
      ['0A1B2', 'caption', 0],
      ['0C3D4', 'caption', 0],
    ],
  );
  assert.match((loaded.questions[1]!.annotation as { motion_list: string }).motion_list, /Subject 1: Disc \[/);
});

test('SEED-Bench: images, segments in seconds, the authors’ frames where they are', async () => {
  const loaded = await loadBenchmark('seedbench', folder('seedbench'), allow);
  assert.equal(loaded.questions.length, 13);
  assert.deepEqual(
    loaded.questions.slice(0, 2).map(({ medium }) => [medium.type, basename(mediumPath(medium))]),
    [
      ['image', '11_22'],
      ['image', '33_44'],
    ],
  );
  const [epic, breakfast, frames] = ['v9002', 'v9003', 'v9004'].map((id) => byId(loaded, id).medium);
  assert.deepEqual([epic!.type, (epic as { end: number }).end], ['video', 1.1]);
  assert.deepEqual([(breakfast as { start: number }).start, (breakfast as { end: number }).end], [1 / 15, 13 / 15]);
  assert.deepEqual([frames!.type, (frames as { paths: readonly string[] }).paths.length], ['frames', 8]);
  assert.equal(byId(loaded, '1005').answer, 'Two');
  const images = await loadBenchmark('seedbench', folder('seedbench'), { split: 'image' });
  assert.deepEqual([images.questions.length, images.notes], [9, []]);
});

test('Video-MME: the parquet file and the authors’ JSON say the same; options lose their letters', async () => {
  const dir = folder('videomme');
  const parquet = await loadBenchmark('videomme', dir, allow);
  copyFileSync(fixture('benchmarks/videomme-json/videomme.json'), join(dir, 'videomme.json'));
  const json = await loadBenchmark('videomme', join(dir, 'videomme.json'), allow);
  const facts = ({ questions }: LoadedBenchmark) => questions.map(({ line: _, ...question }) => question);
  assert.deepEqual(facts(parquet), facts(json));
  assert.equal(parquet.questions.length, 9);
  const one = byId(parquet, '002-1');
  assert.deepEqual([one.type, one.options[0], one.answer], ['medium', 'It slides to the right', 'It falls']);
  assert.equal(one.tags.domain, 'Knowledge');
  assert.equal(one.subtitles, null);
  const subtitles = readSrt(byId(parquet, '001-1').subtitles!);
  assert.equal(subtitlesAt(subtitles, [0.2, 0.7, 0.8]), 'The disc starts.\nIt moves on to the right.');
  assert.equal(subtitlesAt(subtitles, [2]), '');
});

test('SRT: carriage returns, points for commas, numberless blocks, what is no block', () => {
  const text =
    '00:01:02.5 --> 01:00:00,250\r\n{\\an8}Hello\r\n\r\nno times\r\n\r\n7\r\n00:00:01,000 --> 00:00:02,000\r\n\r\n';
  assert.deepEqual(parseSrt(text), [{ start: 62.5, end: 3600.25, text: 'Hello' }]);
});

test('what is not the published file is refused, by name', async () => {
  const refuses = (run: Promise<unknown>, message: RegExp) => assert.rejects(run, { name: 'UserError', message });
  const dir = folder('motionbench');
  await refuses(loadBenchmark('motionbench', dir), /as its authors published it.*17 rows, not 4018.*--allow-counts/);
  await refuses(loadBenchmark('motionbench', `${dir}-none`), /There is no folder .*-none/);
  await refuses(loadBenchmark('favor', dir), /Expected question_perspective\.json or .*received .*video_info/);
  await refuses(loadBenchmark('favor', dir, { split: 'dev' }), /Expected one of all for split of favor/);
  await refuses(loadBenchmark('seedbench', folder('seedbench')), /13 rows, not 19242/);
  assert.throws(() => benchmarkOf('motion-bench'), { name: 'UserError', message: /Did you mean motionbench\?/ });

  const odd = join(root, 'odd');
  mkdirSync(odd);
  writeFileSync(join(odd, 'SEED-Bench.json'), '{"questions": [');
  await refuses(loadBenchmark('seedbench', odd), /not valid JSON/);
  writeFileSync(join(odd, 'SEED-Bench.json'), '{"questions": [{"question_id": 1}]}');
  await refuses(loadBenchmark('seedbench', odd), /no usable question.*row 1, 1: question_type_id undefined/);
  writeFileSync(join(odd, 'test-00000-of-00001.parquet'), 'PAR1 is not enough');
  await refuses(loadBenchmark('videomme', odd), /cannot be read as parquet/);
});

test('media that are not there: none at all is a wrong folder, some need a word', async () => {
  const dir = layOutBenchmark('videomme', join(root, 'missing'));
  rmSync(join(dir, 'data/bbbbbbbbbb2.mp4'));
  await assert.rejects(
    loadBenchmark('videomme', dir, allow),
    /1 of the 3 media files .*bbbbbbbbbb2\.mp4.*--allow-missing/,
  );
  const loaded = await loadBenchmark('videomme', dir, { ...allow, allowMissing: true });
  assert.deepEqual([loaded.questions.length, loaded.notes.length], [9, 2]);
  rmSync(join(dir, 'data'), { recursive: true });
  await assert.rejects(loadBenchmark('videomme', dir, { ...allow, allowMissing: true }), /None of the 3 media files/);
});

test('files that hold something else entirely are refused, whatever it is', async () => {
  for (const benchmark of ['favor', 'favor-open', 'seedbench', 'videomme', 'motionbench'])
    for (const content of [
      '5',
      'null',
      '"text"',
      'true',
      '[]',
      '[null]',
      '[[1]]',
      '{}',
      '{"questions": 3}',
      '{"a": null}',
    ]) {
      const file = join(root, 'odd.json');
      writeFileSync(file, content);
      await assert.rejects(loadBenchmark(benchmark, file, allow), { name: 'UserError', code: 'ERR_DATA' }, content);
    }
});
