// The tests that machines without a GPU skip: each file runs twice, once with the GPU hidden, and what is skipped (or is not
// there) only then is a GPU test. bench/gpu-tests.sh runs this in a bundle:   node bench/gpu-tests.mjs FOLDER_OF_THE_PROJECT
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const [app] = process.argv.slice(2);
const out = process.env.OUT ?? '/tmp/gpu-tests';
mkdirSync(join(out, 'tap'), { recursive: true });
const LIMIT_MS = 120_000;
const AT_ONCE = Math.max(2, Math.min(8, availableParallelism() >> 1));
// Runs everywhere, and does more where there is a GPU.
const MORE_THERE = /^a GPU resizes to within two levels/;

const files = ['libtorch', 'models', 'motion-enhancer']
  .flatMap((name) => {
    const dist = join(app, 'packages', name, 'dist');
    return readdirSync(dist, { recursive: true }).map((path) => join('packages', name, 'dist', path));
  })
  .filter((path) => path.endsWith('.test.js') && /\bcuda\b|whyNotFused/.test(readFileSync(join(app, path), 'utf8')))
  .sort();
if (files.length === 0) throw new Error('No test file is in the bundle: make it with --tests.');

function runFile(path, hidden) {
  return new Promise((resolve) => {
    const env = { OMP_NUM_THREADS: '1', ...process.env, ...(hidden ? { CUDA_VISIBLE_DEVICES: '' } : {}) };
    const args = ['--test', '--test-reporter=tap', join(app, path)];
    const child = spawn(process.execPath, args, { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let tap = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        tap += text;
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('close', (_, signal) => {
      clearTimeout(timer);
      writeFileSync(join(out, 'tap', `${path.replaceAll('/', '+')}${hidden ? '.hidden' : ''}.tap`), tap);
      resolve({ tests: read(tap), tap, dead: signal ?? null });
    });
  });
}

/** name without seeds → { ok, skip, block } */
function read(tap) {
  const tests = new Map();
  const lines = tap.split('\n');
  lines.forEach((line, i) => {
    const match = /^\s*(not )?ok \d+ - (.*?)(?: # SKIP ?(.*))?$/.exec(line);
    if (!match) return;
    const name = match[2].replaceAll(/\\(.)/g, '$1').replaceAll(/seed[ =]\d+/gi, 'seed');
    const end = lines.findIndex((other, j) => j > i && /^\s*\.\.\.$/.test(other));
    tests.set(name, {
      ok: !match[1],
      skip: match[3] ?? null,
      block: lines.slice(i, Math.min(end + 1, i + 40)).join('\n'),
    });
  });
  return tests;
}

const jobs = files.flatMap((path) => [false, true].map((hidden) => ({ path, hidden })));
const found = new Map();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let job = jobs.shift(); job; job = jobs.shift())
      found.set(`${job.path} ${job.hidden}`, await runFile(job.path, job.hidden));
  }),
);

const gpu = { passed: 0, failed: 0, skipped: 0 };
const others = { passed: 0, failed: 0, skipped: 0 };
const list = [];
for (const path of files) {
  const [there, without] = [found.get(`${path} false`), found.get(`${path} true`)];
  if (there.dead) {
    console.log(`not ok ${path}: ended by ${there.dead}\n${there.tap.slice(-2000)}`);
    gpu.failed++;
  }
  for (const [name, { ok, skip, block }] of there.tests) {
    const before = without.tests.get(name);
    const own =
      !without.dead && (before === undefined || (before.skip !== null && /GPU|no fused kernel/.test(before.skip)));
    const result = skip !== null ? 'skipped' : ok ? 'passed' : 'failed';
    const onGpu = own || MORE_THERE.test(name);
    (onGpu ? gpu : others)[result]++;
    if (onGpu) list.push({ path, name, result });
    if (result === 'failed')
      console.log(
        `${path}\n${block
          .split('\n')
          .slice(0, onGpu ? 25 : 6)
          .join('\n')}`,
      );
    else if (onGpu && process.env.VERBOSE) console.log(`${result} ${path}: ${name}`);
  }
}
writeFileSync(join(out, 'tests.json'), JSON.stringify({ gpu, others, list }, null, 1));
const text = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
console.log(`GPU tests: ${text(gpu)} (${files.length} files)`);
console.log(`other tests of these files: ${text(others)}`);
process.exitCode = gpu.failed + others.failed > 0 || (gpu.passed < 2 && !process.env.DRY) ? 1 : 0;
