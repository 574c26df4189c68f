import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { liveTensors, setThreads } from '@motion-enhancer/libtorch';
import { loaderFlags } from '@motion-enhancer/support';
import { freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { loadVlm } from '../../vlm/families/load.js';
import { writeTestForm } from '../../vlm/testing.js';
import type { Vlm } from '../../vlm/types.js';
import { type FixtureBenchmark, layOutBenchmark } from '../benchmarks/testing.js';
import { MediaPool } from '../media/media-pool.js';
import { PARSER_NAMES } from '../parsers/index.js';
import type { AnswerRecord } from './answer-record.js';
import { readAnswers } from './read-answers.js';
import { runEval } from './run-eval.js';
import { evalOptions, FIXTURE_RUNS } from './testing.js';

const root = temporaryFolder();
// Answers are equal bit for bit on several threads too, in the processes that are killed as here.
const THREADS = 2;
setThreads(THREADS);
const script = fileURLToPath(
  new URL(`./killed-child.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);
const load = (form: 'qwen-hub' | 'internvl-remote'): Vlm =>
  loadVlm(writeTestForm(join(root, form), form), { device: 'cpu', dtype: 'float32' });
const qwen = load('qwen-hub');
// One thread serves most runs: each would begin with a second of loading.
const pool = new MediaPool(qwen.dir, 1);
after(async () => {
  qwen.dispose();
  await pool.close();
});

const data = new Map(
  (['motionbench', 'favor', 'seedbench', 'videomme'] as const).map((name: FixtureBenchmark) => [
    name as string,
    layOutBenchmark(name, join(root, 'data', name)),
  ]),
);
const folderOf = (benchmark: string) => data.get(benchmark.replace('-open', ''))!;

/** Everything of the answers but when and how fast they came. */
const facts = (dir: string) =>
  [...readAnswers(dir).values()]
    .map(({ seconds: _, at: __, ...record }: AnswerRecord) => record)
    .sort((a, b) => (a.id < b.id ? -1 : 1));

for (const [benchmark, protocolName, count] of FIXTURE_RUNS) {
  test(`${benchmark}, ${protocolName}: stopped in the middle and killed in a line, it goes on to the same answers`, async () => {
    const before = liveTensors();
    const whole = join(root, `${benchmark}-whole`);
    const given = { protocolName, batch: 3, pool };
    const result = await runEval(await evalOptions(qwen, benchmark, folderOf(benchmark), whole, given));
    assert.deepEqual([result.total, result.before, result.answered], [count, 0, count]);

    const parts = join(root, `${benchmark}-parts`);
    const stop = new AbortController();
    const cut = { ...given, signal: stop.signal, onAnswers: () => stop.abort() };
    const first = await runEval(await evalOptions(qwen, benchmark, folderOf(benchmark), parts, cut));
    assert.ok(first.answered > 0 && (count <= 3 || first.answered < count), `${first.answered} of ${count}`);
    // As kill -9 leaves it: a line without its end.
    const file = join(parts, 'answers.jsonl');
    appendFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
    const second = await runEval(await evalOptions(qwen, benchmark, folderOf(benchmark), parts, given));
    assert.deepEqual([second.before, second.answered], [first.answered, count - first.answered]);
    assert.deepEqual(facts(parts), facts(whole));
    assert.equal(liveTensors(), before);
  });
}

test('kill -9 somewhere in all five: the answers are those of runs that nobody killed', {
  timeout: 120_000,
}, async () => {
  const out = join(root, 'killed');
  const lines = () =>
    FIXTURE_RUNS.reduce((sum, [benchmark]) => {
      const file = join(out, benchmark, 'answers.jsonl');
      return sum + (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0);
    }, 0);
  const total = FIXTURE_RUNS.reduce((sum, [, , questions]) => sum + questions, 0);
  const seed = freshSeed();
  // Killed as soon as so many answers are written, anywhere in the five.
  const kill = 1 + randomSource(seed).below(total - 2);
  for (const until of [kill, total]) {
    const child = spawn(
      process.execPath,
      [...loaderFlags(process.execArgv), script, qwen.dir, join(root, 'data'), out],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, OMP_NUM_THREADS: String(THREADS) },
      },
    );
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const code = await new Promise<number | null>((resolve) => {
      const timer = setInterval(() => {
        if (until < total && lines() >= until) child.kill('SIGKILL');
      }, 2);
      ended.then((value) => {
        clearInterval(timer);
        resolve(value);
      });
    });
    assert.equal(code, until < total ? null : 0, `TEST_SEED=${seed}`);
  }
  for (const [benchmark] of FIXTURE_RUNS)
    assert.deepEqual(facts(join(out, benchmark)), facts(join(root, `${benchmark}-whole`)), benchmark);
});

test('what a line holds: prompt, reply, what parsers and judges say, frames and their picture; a broken video counts as wrong', () => {
  const answers = readAnswers(join(root, 'motionbench-whole'));
  const { u0a, u6 } = Object.fromEntries(answers) as Record<string, AnswerRecord>;
  assert.deepEqual([u0a!.type, u0a!.right, u0a!.letters.length], ['MR', 'A', 4]);
  assert.match(u0a!.prompt, /^[0-9a-f]{16}$/);
  assert.equal(typeof u0a!.output, 'string');
  assert.ok(u0a!.tokens!.prompt > 20 && u0a!.tokens!.reply === 4);
  assert.deepEqual(Object.keys(u0a!.parsed), [...PARSER_NAMES]);
  assert.equal(u0a!.correct, u0a!.judged['strict-2']);
  assert.equal(u0a!.frames.length, 2);
  assert.ok(existsSync(join(root, 'motionbench-whole', u0a!.picture!)));
  assert.deepEqual([u6!.correct, u6!.output, u6!.error!.code], [false, null, 'ERR_VIDEO']);
  assert.match(u6!.error!.message, /torn\.mp4/);
});

test('options ranked by loss: the least loss is chosen, whatever the batch', () => {
  const answers = [...readAnswers(join(root, 'seedbench-whole')).values()];
  for (const { losses, chosen, letters, right, correct } of answers) {
    assert.equal(losses!.length, 4);
    assert.equal(chosen, letters[losses!.indexOf(Math.min(...losses!))]);
    assert.equal(correct, chosen === right);
  }
});

test('batches, shards and threads change no answer', async () => {
  const alone = join(root, 'alone');
  await runEval(
    await evalOptions(qwen, 'videomme', folderOf('videomme'), alone, { protocolName: 'official', batch: 1, pool }),
  );
  const sharded = join(root, 'sharded');
  for (const shard of ['1/2', '0/2']) {
    const given = { protocolName: 'official', batch: 1, workers: 2, shard };
    await runEval(await evalOptions(qwen, 'videomme', folderOf('videomme'), sharded, given));
  }
  assert.deepEqual(facts(sharded), facts(alone));
  const withoutPrompt = (dir: string) => facts(dir).map(({ id, output }) => [id, output]);
  assert.deepEqual(withoutPrompt(alone), withoutPrompt(join(root, 'videomme-whole')));
});

test('InternVL3 goes the same way; subtitles of the frames stand in the prompt', async () => {
  const before = liveTensors();
  const vlm = load('internvl-remote');
  const threads = new MediaPool(vlm.dir, 1);
  try {
    const out = join(root, 'internvl');
    const given = { protocolName: 'official', pool: threads };
    const result = await runEval(await evalOptions(vlm, 'videomme', folderOf('videomme'), out, given));
    assert.equal(result.answered, 9);
    const spoken = join(root, 'internvl-subtitles');
    await runEval(await evalOptions(vlm, 'videomme', folderOf('videomme'), spoken, { ...given, subtitles: true }));
    const [without, withThem] = [readAnswers(out), readAnswers(spoken)];
    assert.ok(withThem.get('001-1')!.tokens!.prompt > without.get('001-1')!.tokens!.prompt);
    assert.equal(withThem.get('002-1')!.prompt, without.get('002-1')!.prompt);
  } finally {
    vlm.dispose();
    await threads.close();
  }
  assert.equal(liveTensors(), before);
});

test('a folder of another run is refused by the name of what differs; errors are asked again on demand', async () => {
  const dir = join(root, 'motionbench-whole');
  const refuses = async (given: object, message: RegExp) =>
    assert.rejects(runEval(await evalOptions(qwen, 'motionbench', folderOf('motionbench'), dir, given)), {
      name: 'UserError',
      message,
    });
  await refuses({ batch: 3, protocolName: 'official' }, /Expected "letter" for protocol .*"official"/);
  await refuses({ batch: 2 }, /Expected 3 for batch .*motionbench-whole/);
  await refuses({ batch: 3, judge: 'lmms-mcq' }, /Expected "strict-2" for judge/);
  await refuses(
    { batch: 3, decoding: { temperature: 0, repetitionPenalty: 1, maxNewTokens: 5 } },
    /Expected 4 for maxNewTokens/,
  );
  await refuses({ batch: 3, judge: 'none' }, /Expected a judge \(.*strict/);
  await refuses({ batch: 3, types: ['XX'] }, /Expected types of motionbench \(MR.*"XX"/);

  const again = await runEval(
    await evalOptions(qwen, 'motionbench', folderOf('motionbench'), dir, { batch: 3, retryErrors: true, pool }),
  );
  assert.deepEqual([again.before, again.answered], [12, 1]);
  assert.equal(readAnswers(dir).size, 13);
  // Another file of questions.
  const file = join(folderOf('motionbench'), 'video_info.meta.jsonl');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, `${text}\n`);
  await refuses({ batch: 3 }, /for data /);
  truncateSync(file, Buffer.byteLength(text));
  rmSync(join(dir, 'run.json'));
});
