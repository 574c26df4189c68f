// Two small checkpoints with random weights on our own rows of all five benchmarks, and the tables that eval and compare make of
// them: what the output looks like, not what any model can do.
//   node bench/eval-mini.mjs [--out FILE] [--dir DIR]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { layOutBenchmark } from '../packages/motion-enhancer/dist/eval/benchmarks/testing.js';
import { FIXTURE_RUNS } from '../packages/motion-enhancer/dist/eval/run/testing.js';
import { writeTestForm } from '../packages/motion-enhancer/dist/vlm/testing.js';

const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const out = option('--out', null);
const dir = option('--dir', mkdtempSync(join(tmpdir(), 'eval-mini-')));
const cli = new URL('../packages/cli/bin/motion-enhancer.js', import.meta.url).pathname;
const tool = (args) =>
  execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

const models = [
  ['mini-a', 1],
  ['mini-b', 2],
].map(([name, seed]) =>
  existsSync(join(dir, name)) ? join(dir, name) : writeTestForm(join(dir, name), 'qwen-hub', { seed }),
);
const pages = [];
for (const [benchmark] of FIXTURE_RUNS) {
  const data = join(dir, 'data', benchmark.replace('-open', ''));
  if (!existsSync(data)) layOutBenchmark(benchmark.replace('-open', ''), data);
  const runs = models.map((vlm) => {
    const run = join(dir, `${benchmark}-${vlm.split('/').at(-1)}`);
    const small = ['--max-pixels', '3136', '--image-max-pixels', '3136', '--frames', '2', '--frame-rule', 'segments'];
    const protocol = benchmark === 'motionbench' ? 'lmms-eval' : benchmark === 'favor' ? 'letter' : 'official';
    const tokens = benchmark === 'seedbench' ? [] : ['--max-new-tokens', '8'];
    tool([
      'eval',
      '--vlm',
      vlm,
      '--bench',
      benchmark,
      '--data',
      data,
      '--out',
      run,
      '--protocol',
      protocol,
      '--allow-counts',
      ...small,
      ...tokens,
    ]);
    return run;
  });
  const compared = join(dir, `compared-${benchmark}`);
  pages.push(tool(['compare', ...runs, '--no-paper', '--format', 'markdown', '--out', compared]));
}
const text = `# Evaluation of two small checkpoints with untrained random weights

**The weights are random numbers: no score here says anything about a model.** Rows are our own, in the benchmarks' schemas
(test/fixtures/benchmarks). \`node bench/eval-mini.mjs --out bench/results/eval-mini-cpu.md\`, commit ${process.env.COMMIT ?? '?'},
${cpus()[0].model}, ${new Date().toISOString().slice(0, 10)}.

${pages
  .join('\n\n')
  .replaceAll(`${dir}/`, '')
  .replace(/^(\S+ against [\s\S]*?McNemar.*)$/gm, '```\n$1\n```')}`;
if (out) writeFileSync(out, `${text.trimEnd()}\n`);
else console.log(text);
if (!process.argv.includes('--dir')) rmSync(dir, { recursive: true });
