#!/usr/bin/env node
// What a fixed small run computes, bit for bit, so that a change of how the code is built can be told from one of what
// it computes:
//   node scripts/record-baseline.mjs                  # runs both parts and prints them as JSON
//   node scripts/record-baseline.mjs --write DIR      # … into DIR/losses-20-steps.json and DIR/demo-numbers.json
//   node scripts/record-baseline.mjs --compare [DIR]  # … and holds them against these files (test/fixtures/formats-1);
//                                                     #   exit code 1 where a number differs
//   --only train | demo                               # one of the parts;  --keep DIR: where it works, and leaves it
// Only the command line is used, on the CPU with one thread: sums then have one order. Another kind of CPU or another
// libtorch may round otherwise; both are recorded and a difference of them is told.
// Compiled sources and the binding: make setup build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const COMMITTED = join(root, 'test/fixtures/formats-1');
const BIN = ['packages/cli/bin/motion-enhancer.js', 'packages/motion-enhancer/bin/motion-enhancer.js']
  .map((path) => join(root, path))
  .find((path) => existsSync(path));
const VLM = join(root, 'models/world/vlm');
const VDM = join(root, 'models/world/vdm');
const CPU = ['--device', 'cpu', '--threads', '1', '--json'];

/** Of a step's line in log.jsonl: what the clock and the machine have no part in. */
const OF_A_STEP = [
  ...['step', 'lossAr', 'lossAlign', 'lambda', 'weightedAlign', 'loss', 'gradRatio', 'gradNorm', 'lr', 'lrs'],
  ...['tokens', 'samples', 'aligned', 'words', 'droppedWords', 'rowSum'],
];

const COMMON = [
  ...['--steps', '20', '--batch-size', '2', '--lr', '2e-4', '--merger-lr', '2e-4', '--vision-lr', '4e-5'],
  ...['--fps', '8', '--max-pixels', '4096', '--seed', '3', '--save-every', '0'],
];
/** The paper's loss and aligner; what moves, scales and reorders; and 16-bit weights with their float32 masters. */
const RUNS = {
  paper: ['--dtype', 'float32', '--aligner-width', '64', '--ratio-every', '5'],
  moving: [
    ...['--dtype', 'float32', '--aligner', 'identity', '--lambda', 'auto:0.5', '--ratio-every', '5', '--words', 'all'],
    ...['--sharpen', '4', '--prior-scale', 'share', '--gate', 'focus', '--length-window', '2', '--recompute', 'none'],
  ],
  half: ['--dtype', 'bfloat16', '--aligner-width', '64', '--ratio-every', '0', '--gradients', 'float32'],
};

function command(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: root,
    env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', NODE_NO_WARNINGS: '1' },
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`motion-enhancer ${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return stdout;
}

const lastJson = (text) => JSON.parse(text.trimEnd().split('\n').at(-1));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** sha256 of a safetensors file's tensors: names, dtypes, shapes and bytes, whatever its metadata say. */
function tensorsOf(path) {
  const bytes = readFileSync(path);
  const size = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: said = {}, ...tensors } = JSON.parse(bytes.subarray(8, 8 + size).toString('utf8'));
  const hash = createHash('sha256');
  for (const name of Object.keys(tensors).sort()) {
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = tensors[name];
    hash.update(`${name} ${dtype} ${shape.join()}\n`).update(bytes.subarray(8 + size + from, 8 + size + to));
  }
  return { said, sha256: hash.digest('hex') };
}

/** Every weight file of an exported folder. */
const weightsOf = (dir) =>
  Object.fromEntries(
    readdirSync(dir)
      .filter((name) => name.endsWith('.safetensors'))
      .sort()
      .map((name) => [name, tensorsOf(join(dir, name)).sha256]),
  );

/** Of each prior of a store, by sample: its maps, and the words and heads that were chosen. */
function priorsOf(dir) {
  const rows = readdirSync(dir)
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => {
      const { said, sha256: tensors } = tensorsOf(join(dir, name));
      const { id, words, heads, grid } = JSON.parse(said.prior);
      const kept = words.filter((word) => word.kept).map(({ text, start }) => `${text}@${start}`);
      return { id, grid, tensors, kept, selection: sha256(JSON.stringify([words, heads])) };
    });
  return rows.sort((a, b) => (a.id + a.tensors < b.id + b.tensors ? -1 : 1));
}

const logOf = (run) =>
  readFileSync(join(run, 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const step = JSON.parse(line);
      return Object.fromEntries(OF_A_STEP.filter((name) => step[name] !== undefined).map((name) => [name, step[name]]));
    });

const runOf = (dir) => ({ steps: logOf(dir), weights: weightsOf(join(dir, 'checkpoint')) });

/** Clips of the world → priors by the mini CogVideoX → three runs of 20 steps of the mini VLM. */
function trainPart(work) {
  const at = (name) => join(work, name);
  command('world', 'make', '--out', at('clips'), '--count', '5', '--json');
  const data = at('clips/train.json');
  command(
    ...['extract', '--vdm', VDM, '--data', data, '--limit', '6', '--out', at('priors'), '--dtype', 'float32', ...CPU],
    ...['--frames', '16', '--height', '64', '--width', '64'],
  );
  const runs = {};
  for (const [name, options] of Object.entries(RUNS)) {
    const given = ['--vlm', VLM, '--data', data, '--priors', at('priors'), '--out', at(name)];
    command('train', ...given, ...COMMON, ...options, ...CPU);
    const aligner = join(at(name), 'aligner.safetensors');
    runs[name] = {
      options: [...COMMON, ...options].join(' '),
      ...runOf(at(name)),
      aligner: existsSync(aligner) ? tensorsOf(aligner).sha256 : null,
    };
  }
  return { priors: priorsOf(at('priors')), runs };
}

/** What `make demo` measures. */
function demoPart(work) {
  const out = join(work, 'demo');
  const { scores } = lastJson(command('demo', '--out', out, '--dtype', 'float32', ...CPU));
  const [plain, aligned] = ['plain', 'aligned'].map((name) => runOf(join(out, name)));
  return { scores, priors: priorsOf(join(out, 'priors')), plain, aligned };
}

const PARTS = {
  train: { file: 'losses-20-steps.json', run: trainPart },
  demo: { file: 'demo-numbers.json', run: demoPart },
};

function machine() {
  const { status, stdout } = spawnSync(process.execPath, [BIN, 'doctor', '--json'], { cwd: root, encoding: 'utf8' });
  const engine = status === 0 ? /libtorch \d[\w.+]*/.exec(stdout)?.[0] : undefined;
  return { cpu: cpus()[0]?.model.trim() ?? 'unknown', engine: engine ?? 'unknown', arch: process.arch };
}

/** Paths of the values that differ, at most `most` of them. */
function differences(theirs, mine, path = '', found = [], most = 20) {
  if (found.length >= most || isDeepStrictEqual(theirs, mine)) return found;
  const nested = (value) => typeof value === 'object' && value !== null;
  if (nested(theirs) && nested(mine))
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)]))
      differences(theirs[name], mine[name], `${path}/${name}`, found, most);
  else found.push(`${path}: ${JSON.stringify(theirs)} is recorded, this is ${JSON.stringify(mine)}`);
  return found;
}

/** @returns whether every number is the recorded one */
function compare(name, file, result) {
  if (!existsSync(file)) throw new Error(`Expected a recorded ${file} but received none. Make it with --write.`);
  const { machine: theirs, ...recorded } = JSON.parse(readFileSync(file, 'utf8'));
  const { machine: mine, ...now } = JSON.parse(JSON.stringify(result));
  const found = differences(recorded, now);
  if (found.length === 0) console.log(`${name}: every number is the recorded one`);
  else console.log(`${name} differs from ${file}:\n  ${found.join('\n  ')}`);
  if (found.length > 0 && !isDeepStrictEqual(theirs, mine))
    console.log(
      `  It was recorded on ${JSON.stringify(theirs)}; this is ${JSON.stringify(mine)}, which may round otherwise.`,
    );
  return found.length === 0;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      compare: { type: 'boolean', default: false },
      write: { type: 'string' },
      only: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  if (!BIN) throw new Error('There is no bin/motion-enhancer.js in packages/cli or packages/motion-enhancer.');
  const names = Object.keys(PARTS).filter((name) => values.only === undefined || values.only === name);
  if (names.length === 0) throw new Error(`Expected train or demo for --only but received ${values.only}.`);
  const work = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'record-baseline-'));
  mkdirSync(work, { recursive: true });
  let same = true;
  try {
    for (const name of names) {
      const { file, run } = PARTS[name];
      const result = { machine: machine(), ...run(work) };
      if (values.compare) same = compare(name, join(positionals[0] ?? COMMITTED, file), result) && same;
      const text = `${JSON.stringify(result, null, 1)}\n`;
      if (values.write) {
        mkdirSync(values.write, { recursive: true });
        writeFileSync(join(values.write, file), text);
      } else if (!values.compare) process.stdout.write(text);
    }
  } finally {
    if (!values.keep) rmSync(work, { recursive: true, force: true });
  }
  return same ? 0 : 1;
}

process.exitCode = main();
