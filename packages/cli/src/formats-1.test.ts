// What commit 1d09620 wrote is still read and gone on with: test/fixtures/formats-1, whose README.md says which file is which.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import type { StepLog } from '@motion-enhancer/core/internal/train/record/step-log.js';
import { closeTo, leakFree, tensorTest } from '@motion-enhancer/libtorch/testing';
import { readResults } from '@motion-enhancer/motion-world/internal/sweep/results.js';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { COMMANDS } from './commands/registry.js';

/** Where the files were written; those of a run name it. */
const WRITTEN_IN = '/tmp/formats-1';
const WORLD = fixture('../../models/world');
const CPU = ['--device', 'cpu', '--dtype', 'float32', '--threads', '1'];

/** A copy, with the paths in a run's settings changed as someone who moved the folder changes them. */
function moved(): string {
  const dir = temporaryFolder();
  cpSync(fixture('formats-1'), dir, { recursive: true });
  for (const name of ['run-stopped/run.yaml', 'run-finished/run.yaml', 'run-finished/finished.json']) {
    const path = join(dir, name);
    const text = readFileSync(path, 'utf8');
    assert.ok(text.includes(WRITTEN_IN), name);
    writeFileSync(path, text.replaceAll(WRITTEN_IN, dir));
  }
  // A run of eval says where its questions lie from where it was started.
  for (const name of ['eval/run.json', 'eval-stopped/run.json']) {
    const path = join(dir, name);
    const run = JSON.parse(readFileSync(path, 'utf8'));
    run.data.file = join(dir, run.data.file);
    writeFileSync(path, `${JSON.stringify(run, null, 2)}\n`);
  }
  return dir;
}

/** Runs a command within this process; its exit code and what it prints. */
async function within(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed: string[] = [];
  let err = '';
  const log = mock.method(console, 'log', (line: string) => void printed.push(line));
  const stderr = mock.method(process.stderr, 'write', (text: string | Uint8Array) => {
    err += text;
    return true;
  });
  try {
    const [name, ...rest] = argv;
    const code = await (await COMMANDS[name!]!.load()).command.run(rest);
    return { code, out: printed.join('\n'), err };
  } finally {
    log.mock.restore();
    stderr.mock.restore();
  }
}

const linesOf = <T>(...path: string[]): T[] =>
  readFileSync(join(...path), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

const lastJson = (text: string) => JSON.parse(text.split('\n').at(-1)!);

tensorTest('a store of priors: samples are found by their ids, maps are attention', () => {
  const store = new PriorStore(fixture('formats-1/priors'), { create: false });
  const ids = ['train-00005-0', 'train-00006-0', 'train-00006-1', 'train-00007-0', 'train-00007-1'];
  assert.deepEqual([...store.samples().keys()].sort(), ids, 'those that share a prior with another sample too');
  assert.equal(store.keys().length, 3);
  for (const key of store.keys()) {
    const { info, rows_WFHW } = store.read(key);
    const { frames, height, width } = info.grid;
    assert.deepEqual(rows_WFHW.shape, [info.words.length, frames, height, width]);
    assert.ok(rows_WFHW.min().item() >= 0 && rows_WFHW.max().item() > 0);
  }
});

tensorTest('a store with every tensor that can be asked for, and a further selection', () => {
  const store = new PriorStore(fixture('formats-1/priors-more'), { create: false });
  const priors = store.keys().map((key) => store.read(key));
  assert.deepEqual(priors.map(({ info }) => info.options.selection).sort(), ['change', 'mhs']);
  const { info, allHeads_WFHW, heads_UWFHW, strip_SFHWC } = priors.find(
    ({ info }) => info.options.selection === 'mhs',
  )!;
  assert.deepEqual(heads_UWFHW!.shape, [info.heads.length, ...allHeads_WFHW!.shape]);
  closeTo(heads_UWFHW!.mean([0]), allHeads_WFHW!, 2e-3, 'the mean over all heads');
  assert.equal(strip_SFHWC!.dtype, 'uint8');
});

leakFree('priors verify, stats, and extract of the same rows: nothing is computed again', async () => {
  const dir = moved();
  const priors = join(dir, 'priors');
  assert.equal((await within('priors', 'verify', priors)).out, '3 of 3 priors verify');
  assert.match((await within('priors', 'stats', priors)).out, /^3 priors, /);
  const before = readdirSync(priors).sort();
  const { out } = await within(
    ...['extract', '--vdm', join(WORLD, 'vdm'), '--data', join(dir, 'clips/rows.json'), '--out', priors, ...CPU],
    ...['--frames', '16', '--height', '64', '--width', '64'],
  );
  assert.match(out, /: 0 done, 5 existed, 1 failed\n/);
  const after = readdirSync(priors).sort();
  const added = after.filter((name) => !before.includes(name));
  // Where the data lie is part of what a manifest's name is the hash of.
  assert.ok(added.length <= 1 && added.every((name) => /^manifest-[0-9a-f]{8}\.json$/.test(name)), String(added));
});

leakFree('a run that was stopped after step 5 goes on to the end that the undisturbed one had', async () => {
  const dir = moved();
  const run = join(dir, 'run-stopped');
  const { code, err } = await within('train', join(run, 'run.yaml'), '--resume');
  assert.equal(code, 0, err);
  assert.match(err, /scaled to the sum 3\.08\d*, as it was measured before the first step/);
  const [log, whole] = [run, join(dir, 'run-finished')].map((at) => linesOf<StepLog>(at, 'log.jsonl')) as [
    StepLog[],
    StepLog[],
  ];
  assert.deepEqual(
    log.map(({ samples }) => samples),
    whole.map(({ samples }) => samples),
    'order of the data',
  );
  assert.deepEqual(
    log.slice(0, 5),
    whole.slice(0, 5).map((step, i) => ({ ...step, ...clockOf(log[i]!) })),
  );
  // Another CPU may round otherwise; on one of the same kind they are equal.
  for (const name of ['lossAr', 'lossAlign', 'lambda', 'loss', 'gradNorm', 'rowSum'] as const)
    for (const [i, step] of log.entries()) closeTo([step[name]!], [whole[i]![name]!], 1e-4, `${name} of step ${i + 1}`);
  const finished = JSON.parse(readFileSync(join(run, 'finished.json'), 'utf8'));
  assert.deepEqual([finished.steps, finished.skipped], [8, 1]);
});

const clockOf = ({ seconds, tokensPerSecond, waitSeconds, etaSeconds, memoryBytes, mfu }: StepLog) => ({
  ...{ seconds, tokensPerSecond, waitSeconds, etaSeconds, memoryBytes, mfu },
});

leakFree('a state of other settings or other data is refused; one whose bytes changed is told', async () => {
  const dir = moved();
  const run = join(dir, 'run-stopped');
  const settings = join(run, 'run.yaml');
  const refused = (message: RegExp, ...more: string[]) =>
    assert.rejects(within('train', settings, '--resume', ...more), { name: 'UserError', message });
  await refused(/Expected 2 \(as the run in .* has it\) for sharpen but received 3/, '--sharpen', '3');
  const rows = join(dir, 'clips/rows.json');
  await refused(/The data or the priors are not those of the run/, '--data', `${rows}#4`);
  const state = join(run, 'states/step-00000005/state.safetensors');
  const bytes = readFileSync(state);
  bytes[bytes.length - 3]! ^= 0x10;
  writeFileSync(state, bytes);
  await refused(/Every state in .* is damaged/);
});

leakFree('a finished run is recognised: nothing is trained or written, another one is refused', async () => {
  const dir = moved();
  const run = join(dir, 'run-finished');
  const weights = join(run, 'checkpoint/model.safetensors');
  utimesSync(weights, 1, 1);
  const { code, err } = await within('train', join(run, 'run.yaml'), '--resume');
  assert.equal(code, 0);
  assert.match(err, /the run is finished, nothing is trained/);
  assert.equal(statSync(weights).mtimeMs, 1000);
  await assert.rejects(within('train', join(run, 'run.yaml'), '--resume', '--lr', '3'), {
    message: /holds a finished run with lr 0\.001, not 3/,
  });
  await assert.rejects(within('train', join(run, 'run.yaml')), { message: /is finished \(8 steps\)/ });
});

const evalArgs = (dir: string, vlm: string, out: string) => [
  ...['eval', '--vlm', vlm, '--bench', 'motionbench', '--data', join(dir, 'clips'), '--out', join(dir, out), ...CPU],
  ...['--fps', '8', '--max-pixels', '4096', '--allow-counts', '--batch', '2', '--max-new-tokens', '8', '--json'],
];

interface Scores {
  answers: number;
  left: number;
  official: Record<string, unknown>;
  lines: { metric: string; value: number; low: number; high: number; right?: number; total?: number }[];
}
/** The numbers; the sentences beside them may be worded anew. */
const scoresOf = ({ answers, left, official, lines }: Scores) => ({
  ...{ answers, left, official },
  lines: lines.map(({ metric, value, low, high, right, total }) => ({ metric, value, low, high, right, total })),
});

leakFree('answers are scored again as they were; compare reads them without the model', async () => {
  const dir = moved();
  const run = join(dir, 'eval');
  const scores = JSON.parse(readFileSync(join(run, 'scores.json'), 'utf8')) as Scores;
  for (const name of readdirSync(run)) if (/^(scores|submission)\./.test(name)) rmSync(join(run, name));
  const answers = readFileSync(join(run, 'answers.jsonl'), 'utf8');
  const { code, out, err } = await within(...evalArgs(dir, join(WORLD, 'vlm'), 'eval'));
  assert.equal(code, 0, err);
  assert.match(err, /0 answered, 5 before, 0 left/);
  assert.equal(readFileSync(join(run, 'answers.jsonl'), 'utf8'), answers);
  assert.deepEqual(scoresOf(lastJson(out)), scoresOf(scores));
  assert.deepEqual(scoresOf(JSON.parse(readFileSync(join(run, 'scores.json'), 'utf8'))), scoresOf(scores));
  const submission = (at: string) => JSON.parse(readFileSync(join(at, 'submission.json'), 'utf8'));
  assert.deepEqual(submission(run), submission(fixture('formats-1/eval')));

  const compared = await within('compare', run, join(dir, 'eval-stopped'), '--no-paper', '--json');
  assert.equal(compared.code, 0);
  const overall = (lastJson(compared.out) as Scores).lines.filter(({ metric }) => metric === 'overall');
  assert.deepEqual(
    overall.map(({ right, total, value }) => [right, total, value]),
    [
      [1, 5, 20],
      [0, 2, 0],
    ],
  );
});

leakFree('an evaluation that was killed within a line goes on to the same answers', async () => {
  const dir = moved();
  const run = join(dir, 'eval-stopped');
  const { code, err } = await within(...evalArgs(dir, join(dir, 'vlm'), 'eval-stopped'));
  assert.equal(code, 0, err);
  assert.match(err, /3 answered, 2 before, 0 left/);
  const byId = (name: string) =>
    linesOf<{ id: string; output: string; correct: boolean; chosen: string | null; prompt: string }>(run, name)
      .map(({ id, output, correct, chosen, prompt }) => ({ id, output, correct, chosen, prompt }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepEqual(byId('answers.jsonl'), byId('undisturbed-answers.jsonl'));
  await assert.rejects(within(...evalArgs(dir, join(dir, 'vlm'), 'eval-stopped'), '--fps', '4'), {
    message: /Expected 8 for fps \(as the run in .* has it\) but received 4/,
  });
});

test('lines of the ladder, whole and compact, say the same as they did', () => {
  const whole = readResults(fixture('formats-1/ladder/results.jsonl'));
  assert.deepEqual(
    whole.map(({ arm, seed, steps, maps }) => [arm.name, arm.prior, arm.lambda, arm.data, seed, steps, maps]),
    [0, 1].flatMap((seed) => [
      ['plain', 'none', 1, 8, seed, 2, null],
      ['masks:lambda=2', 'masks', 2, 8, seed, 2, '8x4x4'],
    ]),
  );
  const compact = readResults(fixture('formats-1/ladder/compact.jsonl'));
  assert.equal(compact.length, 7);
  const { setup, ...first } = compact[0]!;
  assert.equal(setup!.start.slice(0, 8), 'ab146fd2');
  assert.deepEqual([first.steps, first.batchSize, first.lr, first.lossAr], [900, 16, 2e-4, 0.006568817887455225]);
  assert.deepEqual(first.scores.MR, [543, 1033]);
});

leakFree('world ladder runs none of the runs again that its results hold', async () => {
  const dir = moved();
  const out = join(dir, 'ladder');
  const before = readFileSync(join(out, 'results.jsonl'), 'utf8');
  const { code, err } = await within(
    ...[
      'world',
      'ladder',
      '--vlm',
      join(dir, 'vlm'),
      '--out',
      out,
      '--arm',
      'plain',
      '--arm',
      'masks:lambda=2',
      ...CPU,
    ],
    ...['--seeds', '2', '--data', '8', '--clips', '8', '--steps', '2', '--batch-size', '4', '--test', '4'],
  );
  assert.equal(code, 0, err);
  assert.equal(readFileSync(join(out, 'results.jsonl'), 'utf8'), before);
});
