import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { motionBenchSubmission } from '../benchmarks/motionbench/submission.js';
import { answerLine } from '../run/answer-line.js';
import type { AnswerRecord } from '../run/answer-record.js';
import { mergeRuns } from '../run/merge-runs.js';
import { readAnswers } from '../run/read-answers.js';
import type { RunFile } from '../run/run-settings.js';
import { compareRuns, pairText } from './compare-runs.js';
import { writeDiffPage } from './diff-page.js';
import { recipeLine } from './recipe-line.js';
import { renderCsv, renderMarkdown, renderText } from './render.js';
import { reportedLines } from './reported-lines.js';
import { runNames } from './run-names.js';
import { measuredLines } from './score-lines.js';
import { scoreRun } from './score-run.js';
import { wideTables } from './wide-table.js';

const root = temporaryFolder();
const TYPES = ['MR', 'LM', 'CM', 'MO', 'AO', 'RC'];

/** A run's folder with these answers of MotionBench; `right` says which are. */
function writeRun(name: string, count: number, right: (i: number) => boolean, change: Partial<RunFile> = {}): string {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  const run = {
    format: 1,
    settings: {
      benchmark: 'motionbench',
      split: 'dev',
      types: [],
      limit: 0,
      protocol: 'letter',
      protocolVersion: 1,
      judge: 'strict',
      subtitles: false,
      video: {
        fps: 1,
        frames: 0,
        minFrames: 4,
        maxFrames: 768,
        frameRule: 'auto',
        maxPixels: 151200,
        totalPixels: 0,
        secondPerGrid: 'true',
        mropeRounding: 'float',
        system: 'auto',
      },
      decoding: { maxNewTokens: 32, temperature: 0 },
      changed: ['fps'],
      data: 'abcdef0123456789',
      model: '0123456789abcdef',
      dtype: 'float32',
      batch: 4,
    },
    recipe: {},
    vlm: { dir: `/models/${name}`, family: 'qwen2_5_vl', weights: 'random', repetitionPenalty: 1.05 },
    data: { file: 'x.jsonl', questions: count, media: 2 },
    counts: {},
    bad: [{ line: 7, reason: 'no stem' }],
    notes: [],
    device: 'cpu',
    code: 'test',
    startedAt: '',
    ...change,
  } as unknown as RunFile;
  writeFileSync(join(dir, 'run.json'), JSON.stringify(run));
  const lines = Array.from({ length: count }, (_, i): AnswerRecord => {
    const correct = right(i);
    return {
      id: `q${i}`,
      type: TYPES[i % 6]!,
      tags: {},
      question: `Which <b>way</b> ${i}?`,
      options: ['left | up', 'right'],
      letters: ['A', 'B'],
      right: 'A',
      medium: `/videos/v ${i % 5}.mp4`,
      prompt: '0',
      output: correct ? 'A' : i % 7 === 0 ? 'hm' : 'B',
      tokens: { prompt: 9, reply: 1 },
      parsed: { strict: correct ? 'A' : i % 7 === 0 ? null : 'B', 'lmms-mcq': 'A' },
      judged: { strict: correct, 'lmms-mcq': true },
      chosen: correct ? 'A' : i % 7 === 0 ? null : 'B',
      correct,
      frames: [0, 1],
      seconds: 0.1,
      at: '',
    };
  });
  writeFileSync(join(dir, 'answers.jsonl'), lines.map(answerLine).join(''));
  return dir;
}

const random = randomSource(3);
const coins = Array.from({ length: 120 }, () => random.next() < 0.4);
const a = writeRun('model-a', 120, (i) => coins[i]!);
const b = writeRun('model-b', 120, (i) => coins[i]! !== i < 30);

test('a run’s numbers: types, overall, average, unparsed, each with its interval and its whole recipe', () => {
  const lines = measuredLines(scoreRun(a));
  const of = (metric: string) => lines.find((line) => line.metric === metric)!;
  const right = coins.filter(Boolean).length;
  assert.deepEqual([of('overall').right, of('overall').total], [right, 120]);
  assert.ok(Math.abs(of('overall').value! - (100 * right) / 120) < 1e-9);
  assert.ok(of('overall').low! < of('overall').value! && of('overall').value! < of('overall').high!);
  const types = TYPES.map((type) => of(type).value!);
  assert.ok(Math.abs(of('average').value! - types.reduce((x, y) => x + y) / 6) < 1e-9);
  assert.equal(of('unparsed').right, coins.filter((is, i) => !is && i % 7 === 0).length);
  for (const { recipe, system, source } of lines) {
    assert.match(
      recipe,
      /motionbench dev · protocol letter v1 · judge strict · 1 fps .* greedy.* changed from the protocol: fps · .*untrained random weights · 120 questions, 1 malformed rows left out/,
    );
    assert.deepEqual([system, source], ['model-a (untrained random weights)', 'measured']);
  }
});

test('another judge: the same replies, its verdicts, and it is reported', () => {
  const score = scoreRun(a, { judge: 'lmms-mcq' });
  assert.equal(score.table!.overall.accuracy, 1);
  assert.match(measuredLines(score)[0]!.recipe, /judge lmms-mcq/);
});

test('what is reported never stands among what is measured', () => {
  const lines = [...measuredLines(scoreRun(a)), ...measuredLines(scoreRun(b)), ...reportedLines('motionbench')];
  const tables = wideTables(lines);
  assert.deepEqual(
    tables.map(({ source, rows }) => [source, rows.length]),
    [
      ['measured', 2],
      ['reported', 15 + 13],
    ],
  );
  const reported = tables[1]!;
  const row = reported.rows.find(([system]) => system === 'Qwen2.5-VL-3B + MotionEnhancer (1 fps)')!;
  assert.deepEqual(row.slice(1, 4), ['56.60', '52.51', '63.06']);
  for (const benchmark of ['favor', 'seedbench', 'videomme'] as const) assert.ok(reportedLines(benchmark).length > 20);
  assert.deepEqual(reportedLines('favor-open'), []);
});

test('text, Markdown and CSV hold the same numbers; what would break a cell does not', () => {
  const lines = measuredLines(scoreRun(a)).map((line) => ({ ...line, system: 'a|b, "c"' }));
  const tables = wideTables(lines);
  const overall = lines[0]!.value!.toFixed(2);
  for (const text of [renderText(tables), renderMarkdown(tables)]) assert.ok(text.includes(overall));
  assert.match(renderMarkdown(tables), /^\| a\\\|b, "c" \| /m);
  const csv = renderCsv(lines).split('\r\n');
  assert.equal(csv.length, lines.length + 2);
  assert.match(csv[1]!, /^measured,"a\|b, ""c""",motionbench,overall,/);
});

test('two runs, question by question: what changed, with both replies, escaped, on a page', () => {
  const pair = compareRuns(scoreRun(a), scoreRun(b), { resamples: 500, seed: 1 });
  const { wrongToRight, rightToWrong, pairs, mcnemar } = pair.result;
  assert.equal(pairs, 120);
  assert.deepEqual([...wrongToRight, ...rightToWrong].length, 30);
  assert.deepEqual([mcnemar.onlyA, mcnemar.onlyB], [rightToWrong.length, wrongToRight.length]);
  assert.match(pairText(pair, ['x', 'y']), /y against x: 120 questions in common\n {2}overall +[+−]\d/);
  const page = join(root, 'diff.html');
  writeDiffPage(page, pair, ['x', 'y']);
  const text = readFileSync(page, 'utf8');
  for (const id of [...wrongToRight, ...rightToWrong]) assert.ok(text.includes(`id="${id}"`));
  assert.ok(text.includes('Which &lt;b&gt;way&lt;/b&gt;') && !text.includes('<b>way'));
  assert.ok(text.includes('v%200.mp4'));
  assert.match(text, /Untrained random weights/);
});

test('the recipe says the repetition penalty that was in force, whoever set it', () => {
  const score = scoreRun(a);
  assert.match(recipeLine(score), /greedy, repetition penalty 1\.05 as generation_config\.json says/);
  score.run.settings.decoding.repetitionPenalty = 1;
  assert.match(recipeLine(score), /greedy, repetition penalty 1 ·/);
});

test('shards come together; those of other settings do not', () => {
  const whole = readAnswers(a);
  const dirs = [0, 1].map((shard) => {
    const dir = writeRun(`shard-${shard}`, 120, (i) => coins[i]!, {
      vlm: { dir: '/models/model-a', family: 'qwen2_5_vl', weights: 'random' },
    });
    const mine = [...whole.values()].filter((_, i) => i % 2 === shard);
    writeFileSync(join(dir, 'answers.jsonl'), mine.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return dir;
  });
  assert.equal(scoreRun(dirs[0]!).left, 60);
  const out = join(root, 'merged');
  assert.deepEqual(mergeRuns(dirs, out), { answers: 120, left: 0, damaged: 0 });
  // Once more changes nothing; what is damaged is counted.
  appendFileSync(join(dirs[0]!, 'answers.jsonl'), '{"id":"q0"}\n');
  assert.deepEqual(mergeRuns(dirs, out), { answers: 120, left: 0, damaged: 1 });
  assert.deepEqual(scoreRun(out).table, scoreRun(a).table);
  const run = JSON.parse(readFileSync(join(dirs[1]!, 'run.json'), 'utf8')) as RunFile;
  run.settings.video.fps = 2;
  writeFileSync(join(dirs[1]!, 'run.json'), JSON.stringify(run));
  assert.throws(() => mergeRuns(dirs, out), {
    name: 'UserError',
    message: /Expected 1 for fps .*shard-0.* received 2/,
  });
  assert.throws(() => mergeRuns(dirs.slice(1), out), { name: 'UserError', message: /at least two folders/ });
  assert.throws(() => scoreRun(join(root, 'nothing')), { name: 'UserError', message: /Expected a run of eval/ });
});

test('MotionBench’s leaderboard file: a letter a question, as the authors’ tool reads it', () => {
  const answers = readAnswers(a);
  const { name, text, unread } = motionBenchSubmission(answers);
  assert.equal(name, 'submission.json');
  const letters = JSON.parse(text) as Record<string, string>;
  assert.equal(Object.keys(letters).length, 120);
  for (const [id, letter] of Object.entries(letters)) assert.equal(letter, answers.get(id)!.output![0]);
  assert.equal(unread, [...answers.values()].filter(({ output }) => output === 'hm').length);
});

test('runs are called by their folders, with as much of the path as tells them apart', () => {
  assert.deepEqual(runNames(['/x/a', '/x/b']), ['a', 'b']);
  assert.deepEqual(runNames(['/x/a/s', '/x/b/s', '/x/c']), ['a/s', 'b/s', 'c']);
  assert.deepEqual(runNames(['/p/x/s', '/q/x/s']), ['p/x/s', 'q/x/s']);
  assert.deepEqual(runNames(['/x/s', '/x/s']), ['s', 's'], 'the same run twice');
  assert.deepEqual(runNames(['/s', '/a/s']), ['s', 'a/s']);
  assert.deepEqual(runNames([]), []);
});
