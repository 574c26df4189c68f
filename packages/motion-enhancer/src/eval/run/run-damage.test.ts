// What happens to runs whose files were damaged, are of an older format, or lie where nothing can be written.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { liveTensors } from '@motion-enhancer/libtorch';
import { freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { loadVlm } from '../../vlm/families/load.js';
import { writeTestForm } from '../../vlm/testing.js';
import { layOutBenchmark } from '../benchmarks/testing.js';
import { MediaPool } from '../media/media-pool.js';
import { measuredLines } from '../report/score-lines.js';
import { scoreRun } from '../report/score-run.js';
import { answerLine } from './answer-line.js';
import type { AnswerRecord } from './answer-record.js';
import { readAnswers, readRunAnswers } from './read-answers.js';
import { type EvalOptions, runEval } from './run-eval.js';
import { type RunFile, readRun } from './run-settings.js';
import { evalOptions } from './testing.js';

const root = temporaryFolder();
const before = liveTensors();
const vlmDir = writeTestForm(join(root, 'vlm'), 'qwen-hub');
const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32' });
const pool = new MediaPool(vlm.dir, 1);
after(async () => {
  vlm.dispose();
  await pool.close();
  assert.equal(liveTensors(), before);
});
const data = layOutBenchmark('motionbench', join(root, 'motionbench'));

/** Goes on with a run; what was told, and how many answers there are now. */
async function run(out: string, given: Partial<EvalOptions> = {}) {
  const notes: string[] = [];
  const onNote = (text: string): void => void notes.push(text);
  const options = await evalOptions(vlm, 'motionbench', data, out, { pool, pictures: false, onNote, ...given });
  return { ...(await runEval(options)), notes: notes.join('\n') };
}
const whole = join(root, 'whole');
await run(whole);
let copies = 0;
function copy(): string {
  const dir = join(root, `copy${copies++}`);
  cpSync(whole, dir, { recursive: true });
  return dir;
}
const facts = (dir: string) =>
  [...readAnswers(dir).values()]
    .map(({ seconds: _, at: __, ...record }: AnswerRecord) => record)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
const change = (path: string, edit: (text: string) => string): void => {
  const text = readFileSync(path, 'utf8');
  assert.notEqual(edit(text), text);
  writeFileSync(path, edit(text));
};

const seed = freshSeed();
test(`a flipped bit anywhere in answers.jsonl is noticed and its answer asked for again (seed ${seed})`, async () => {
  const { below } = randomSource(seed);
  const bytes = readFileSync(join(whole, 'answers.jsonl'));
  const dir = copy();
  for (let k = 0; k < 400; k++) {
    const flipped = Buffer.from(bytes);
    const at = below(flipped.length - 1);
    flipped[at] = flipped[at]! ^ (1 << below(8));
    writeFileSync(join(dir, 'answers.jsonl'), flipped);
    const { answers, damaged } = readRunAnswers(dir);
    assert.ok(damaged > 0 && answers.size < 13, `byte ${at}`);
  }
  const { notes, answered } = await run(dir);
  assert.match(notes, /^\d damaged lines of the answers in .* are left out: their questions are asked again$/);
  assert.ok(answered > 0);
  assert.deepEqual(facts(dir), facts(whole));
  assert.equal(readRunAnswers(dir).damaged, 0, 'damaged lines are gone');
});

test('answers to questions that the benchmark has not are dropped and told, and do not count', async () => {
  const dir = copy();
  const record = readAnswers(dir).get('u0a')!;
  appendFileSync(join(dir, 'answers.jsonl'), answerLine({ ...record, id: 'u0z', correct: true }));
  const score = scoreRun(dir);
  assert.equal(score.surplus, 1);
  assert.match(measuredLines(score)[0]!.recipe, /1 answers more than questions: run eval again/);
  const { ids, notes, before: known, answered } = await run(dir);
  assert.match(notes, /1 answers in .* are left out, for motionbench has no such question: u0z/);
  assert.deepEqual([ids.size, known, answered], [13, 13, 0]);
  assert.deepEqual(facts(dir), facts(whole));
  assert.deepEqual([scoreRun(dir).surplus, scoreRun(dir, { ids: new Set(['u0a']) }).answers.size], [0, 1]);
});

/** The run as commit 1d09620 writes it. */
function asFormat1(dir: string): void {
  change(join(dir, 'run.json'), (text) => {
    const { crc32c: _, ...file } = JSON.parse(text) as RunFile & { crc32c: string };
    const settings = { ...file.settings, protocolVersion: 1, judge: 'strict' };
    return JSON.stringify({ ...file, format: 1, settings }, null, 2);
  });
  change(join(dir, 'answers.jsonl'), (text) =>
    text.replace(/,"crc32c":"[0-9a-f]{8}"\}$/gm, '}').replaceAll(/"strict-2":(?:null|"\w"|true|false),/g, ''),
  );
}

test('lines of format 1 are graded anew, its fields are checked, and the run keeps its judge', async () => {
  const dir = copy();
  asFormat1(dir);
  change(join(dir, 'answers.jsonl'), (text) =>
    text.replace(/"output":"[^"]*"(.*)"correct":false/, '"output":"The answer is A"$1"correct":false'),
  );
  const [, first] = [...readAnswers(dir)][0]!;
  assert.deepEqual(
    [first.output, first.chosen, first.correct, first.judged['strict-2']],
    ['The answer is A', 'A', first.right === 'A', first.right === 'A'],
  );
  const fixed = await run(dir);
  assert.deepEqual([fixed.answered, fixed.run.format, fixed.run.settings.judge], [0, 1, 'strict']);
  assert.equal(fixed.run.settings.protocolVersion, 1);
  assert.match(measuredLines(scoreRun(dir))[0]!.recipe, /13 answers of an earlier version, without checksums/);
  // Another judge than either is refused as before.
  await assert.rejects(run(dir, { judge: 'lmms-mcq' }), { message: /Expected "strict" for judge/ });
  assert.equal(scoreRun(dir, { judge: 'strict-2' }).answers.get(first.id)!.chosen, 'A');
  // A damaged name of a field makes a damaged line.
  change(join(dir, 'answers.jsonl'), (text) => text.replace('"options":', '"optionz":'));
  assert.equal(readRunAnswers(dir).damaged, 1);
  const again = await run(dir);
  assert.equal(again.answered, 1);
  assert.match(again.notes, /1 damaged lines/);
});

test('run.json: a changed byte, a name of a field, a newer format are refused in a sentence', async () => {
  const dir = copy();
  const path = join(dir, 'run.json');
  const text = readFileSync(path, 'utf8');
  const refused = async (edit: (text: string) => string, message: RegExp) => {
    writeFileSync(path, edit(text));
    for (const attempt of [async () => scoreRun(dir), () => run(dir)])
      await assert.rejects(attempt, { name: 'UserError', code: 'ERR_RUN', message });
  };
  await refused((t) => t.replace('"limit": 0', '"limit": 1'), /is damaged: it is not as it was written/);
  await refused((t) => t.replace('"crc32c"', '"crc32d"'), /is damaged/);
  await refused((t) => t.replace('"format": 2', '"format": 3'), /Expected a run of format 1 or 2 .* received 3/);
  await refused(() => '[]', /it holds no object/);
  await refused(() => '{', /not valid JSON/);
  const { below } = randomSource(seed);
  for (let k = 0; k < 300; k++) {
    const flipped = Buffer.from(text);
    const at = below(flipped.length - 1);
    flipped[at] = flipped[at]! ^ (1 << below(8));
    writeFileSync(path, flipped);
    assert.throws(() => readRun(dir), { name: 'UserError', code: 'ERR_RUN' }, `byte ${at}, seed ${seed}`);
  }
  writeFileSync(path, text);
  asFormat1(dir);
  const old = readFileSync(path, 'utf8');
  for (const field of ['settings', 'benchmark', 'judge', 'video', 'vlm', 'questions', 'bad', 'notes']) {
    writeFileSync(path, old.replace(`"${field}":`, `"${field}x":`));
    assert.throws(() => scoreRun(dir), {
      name: 'UserError',
      message: new RegExp(`damaged: [\\w.]*${field} is absent`),
    });
  }
  for (const [name, value] of [
    ['judge', 'strixt'],
    ['benchmark', 'motionbenck'],
  ] as const) {
    writeFileSync(
      path,
      old.replace(new RegExp(`"${name}": "[^"]*"(?=,\\n {4}"(?:subtitles|split))`), `"${name}": "${value}"`),
    );
    assert.throws(() => scoreRun(dir), { name: 'UserError', message: new RegExp(`received "${value}"`) });
  }
});

test('a checkpoint that changed within since the run began is refused', async () => {
  const dir = copy();
  const weights = readdirSync(vlmDir).find((name) => name.endsWith('.safetensors'))!;
  const bytes = readFileSync(join(vlmDir, weights));
  const changed = Buffer.from(bytes);
  changed.fill(1, bytes.length >> 1, (bytes.length >> 1) + (bytes.length >> 3));
  writeFileSync(join(vlmDir, weights), changed);
  try {
    await assert.rejects(run(dir), { code: 'ERR_RUN', message: /Expected "v2:[0-9a-f]+" for model .* received "v2:/ });
  } finally {
    writeFileSync(join(vlmDir, weights), bytes);
  }
  assert.equal((await run(dir)).answered, 0);
});

test('half-written pictures of a killed run are gone after the next start', async () => {
  const dir = copy();
  const frames = join(dir, 'frames');
  mkdirSync(frames, { recursive: true });
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  for (const path of [`frames/.a.png.${dead}-00ff00ff.tmp`, `.run.json.${dead}-00ff00ff.tmp`])
    writeFileSync(join(dir, path), 'half');
  writeFileSync(join(frames, `.b.png.${process.pid}-00ff00ff.tmp`), 'being written');
  change(join(dir, 'answers.jsonl'), (text) => text.slice(text.indexOf('\n') + 1));
  assert.equal((await run(dir)).answered, 1);
  assert.deepEqual(readdirSync(frames), [`.b.png.${process.pid}-00ff00ff.tmp`]);
  assert.ok(!existsSync(join(dir, `.run.json.${dead}-00ff00ff.tmp`)));
});

const mountPoint = join(root, 'mounted');
function mountedReadOnly(): boolean {
  mkdirSync(mountPoint);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', mountPoint], { stdio: 'ignore' });
  } catch {
    return false;
  }
  process.prependListener('exit', () => execFileSync('umount', ['-l', mountPoint], { stdio: 'ignore' }));
  cpSync(whole, join(mountPoint, 'run'), { recursive: true });
  execFileSync('mount', ['-o', 'remount,ro', 'none', mountPoint], { stdio: 'ignore' });
  return true;
}

test('a finished run on a read-only mount is recognised, scored and compared', {
  skip: mountedReadOnly() ? false : 'mounting a tmpfs is not permitted here',
}, async () => {
  const dir = join(mountPoint, 'run');
  assert.throws(() => rmSync(join(dir, 'run.json')), /EROFS/);
  const { before: known, answered } = await run(dir);
  assert.deepEqual([known, answered], [13, 0]);
  assert.deepEqual(scoreRun(dir).table, scoreRun(whole).table);
});
