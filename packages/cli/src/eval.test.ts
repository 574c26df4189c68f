import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { layOutBenchmark } from '@motion-enhancer/core/internal/eval/benchmarks/testing.js';
import { repositoryOf } from '@motion-enhancer/core/internal/eval/systems.js';
import { writeTestForm } from '@motion-enhancer/core/internal/vlm/testing.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { COMMANDS } from './commands/registry.js';
import { jsonLines, runCli } from './testing.js';

const root = temporaryFolder();
const vlm = writeTestForm(join(root, 'mini-a'), 'qwen-hub');
const other = writeTestForm(join(root, 'mini-b'), 'qwen-hub', { seed: 2 });
const data = layOutBenchmark('motionbench', join(root, 'motionbench'));
const SMALL = ['--max-pixels', '3136', '--frames', '2', '--max-new-tokens', '4', '--device', 'cpu'];
const evalArgs = (model: string, out: string, ...more: string[]) => [
  'eval',
  ...['--vlm', model, '--bench', 'motionbench', '--data', data, '--out', join(root, out)],
  ...[...SMALL, '--allow-counts', '--protocol', 'lmms-eval', ...more],
];

/** What the last command said of its progress. */
const told: string[] = [];

/** Runs a command within this process; what it prints. */
async function within(argv: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const log = mock.method(console, 'log', (line: string) => void printed.push(line));
  const error = mock.method(console, 'error', () => {});
  told.length = 0;
  const stderr = mock.method(process.stderr, 'write', (text: string | Uint8Array) => told.push(String(text)) > 0);
  try {
    const [name, ...rest] = argv;
    assert.equal(await (await COMMANDS[name!]!.load()).command.run(rest), 0);
  } finally {
    log.mock.restore();
    error.mock.restore();
    stderr.mock.restore();
  }
  return printed.join('\n');
}

test('eval, again, and a second checkpoint; compare with the paper beside and a page of differences', async () => {
  const first = await runCli([...evalArgs(vlm, 'a'), '--json']);
  assert.equal(first.code, 0, first.err);
  const [scores] = jsonLines(first.out) as [Record<string, unknown>];
  assert.deepEqual([scores.answers, scores.left, scores.errors, scores.malformed], [13, 0, 1, 6]);
  assert.equal((scores.settings as { changed: string[] }).changed.join(), 'frames,maxNewTokens,maxPixels');
  assert.match(first.err, /u6.*torn\.mp4/);
  assert.deepEqual(readdirSync(join(root, 'a')).sort(), [
    'answers.jsonl',
    'frames',
    'run.json',
    'scores.csv',
    'scores.html',
    'scores.json',
    'scores.md',
    'submission.json',
  ]);
  const before = readFileSync(join(root, 'a/answers.jsonl'), 'utf8');
  const again = await within(evalArgs(vlm, 'a'));
  assert.equal(readFileSync(join(root, 'a/answers.jsonl'), 'utf8'), before);
  assert.match(
    again,
    /motionbench: measured by this project[\s\S]*mini-a \(untrained random weights\)[\s\S]*judge lmms-motionbench/,
  );

  await within(evalArgs(other, 'b'));
  const out = join(root, 'compared');
  const table = await within(['compare', join(root, 'a'), join(root, 'b'), '--out', out]);
  assert.match(table, /^ {2}a \(mini-a, .*\n {2}b \(mini-b, /m);
  assert.match(table, /reported by the paper[\s\S]*Qwen2\.5-VL-3B \+ MotionEnhancer \(1 fps\) +56\.60/);
  assert.match(table, /b against a: 13 questions in common/);
  assert.ok(existsSync(join(out, 'diff-a-to-b.html')));
  const stored = JSON.parse(readFileSync(join(out, 'compare.json'), 'utf8')) as { lines: { source: string }[] };
  assert.deepEqual([...new Set(stored.lines.map(({ source }) => source))], ['measured', 'reported']);
  assert.match(await within(['compare']), /videomme: reported by the paper/);
});

test('runs are told apart by their folders where models are called alike; what was damaged is told', async () => {
  const alike = [vlm, other].map((from, i) => {
    const dir = join(root, `train-${i}/checkpoint`);
    cpSync(from, dir, { recursive: true });
    return dir;
  });
  for (const [i, model] of alike.entries()) {
    cpSync(join(root, i === 0 ? 'a' : 'b'), join(root, `train-${i}/scores`), { recursive: true });
    const path = join(root, `train-${i}/scores/run.json`);
    const { crc32c: _, ...run } = JSON.parse(readFileSync(path, 'utf8'));
    // A run of format 1 says so without a checksum.
    writeFileSync(path, JSON.stringify({ ...run, format: 1, vlm: { ...run.vlm, dir: model } }));
  }
  const [first, second] = [0, 1].map((i) => join(root, `train-${i}/scores`)) as [string, string];
  const table = await within(['compare', first, second, '--no-paper']);
  for (const i of [0, 1])
    assert.match(table, new RegExp(`^  train-${i}/scores \\(checkpoint, untrained random weights\\) +\\d`, 'm'));
  assert.match(table, /train-1\/scores against train-0\/scores: 13 questions in common/);

  appendFileSync(join(second, 'answers.jsonl'), '{"id":"u0a"}\n');
  const again = await within([...evalArgs(alike[1]!, 'train-1/scores'), '--json']);
  assert.equal(JSON.parse(again).damaged, 0, 'it was dropped');
  assert.match(told.join(''), /note: 1 damaged lines of the answers in .* are left out/);
});

test('what cannot be run is refused before anything is loaded', async () => {
  const refuses = async (argv: readonly string[], message: RegExp) =>
    assert.rejects(within(argv), { name: 'UserError', message }, argv.join(' '));
  await refuses(['eval', '--out', 'x'], /Expected a text for vlm but received nothing/);
  await refuses(evalArgs(vlm, 'x', '--bench', 'motion-bench'), /Did you mean motionbench/);
  await refuses(
    evalArgs(vlm, 'x', '--protocol', 'officail'),
    /Expected a protocol of motionbench \(official, .*"officail"/,
  );
  await refuses(evalArgs(vlm, 'x', '--judge', 'me'), /Expected a judge \(strict/);
  const seed = layOutBenchmark('seedbench', join(root, 'seedbench'));
  const ranked = [
    'eval',
    '--vlm',
    vlm,
    '--bench',
    'seedbench',
    '--data',
    seed,
    '--out',
    join(root, 'x'),
    '--allow-counts',
  ];
  await refuses(
    [...ranked, '--max-new-tokens', '4'],
    /Expected no settings of replies with official of seedbench.*maxNewTokens/,
  );
  await refuses([...ranked, '--judge', 'strict'], /Expected a protocol with replies to judge .*option losses/);
  await refuses(evalArgs(vlm, 'x', '--shard', '2/2'), /for --shard/);
  await refuses(evalArgs(vlm, 'x', '--subtitles'), /Expected videomme for subtitles/);
  await refuses(evalArgs(vlm, 'x', '--favor-dictionary', 'words.json'), /Expected no word lists for motionbench/);
  await refuses(evalArgs(vlm, 'x', '--data', vlm), /Expected video_info\.meta\.jsonl or .* in .*mini-a/);
  await refuses(evalArgs(vlm, 'x', '--no-allow-counts'), /17 rows, not 4018/);
  await refuses(evalArgs(vlm, 'x', '--split', 'val'), /Expected one of dev, test, all for split/);
  await refuses(evalArgs(join(root, 'nothing'), 'x'), /nothing/);
  assert.ok(!existsSync(join(root, 'x')));
  await refuses(evalArgs(vlm, 'a', '--fps', '2'), /Expected 1 for fps .*received 2/);
  await refuses(['compare', vlm], /Expected a run of eval \(run\.json\)/);
  await refuses(['compare', join(root, 'a'), '--judge', 'me'], /Expected a judge/);
});

test('baselines of the paper by name', () => {
  assert.equal(repositoryOf('Qwen2.5-VL-72B'), 'Qwen/Qwen2.5-VL-72B-Instruct');
  assert.equal(repositoryOf('qwen2.5-vl-3b-instruct'), 'Qwen/Qwen2.5-VL-3B-Instruct');
  assert.equal(repositoryOf('InternVL3-8B'), 'OpenGVLab/InternVL3-8B');
  assert.equal(repositoryOf('./Qwen2.5-VL-3B-tuned'), './Qwen2.5-VL-3B-tuned');
});
