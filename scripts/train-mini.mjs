#!/usr/bin/env node
// A whole run in miniature on the CPU: a small random Qwen2.5-VL learns four captions with its attention pulled toward
// made-up priors (a blob that moves); L_MSE must fall by half while L_AR falls too. The exported checkpoint is then
// compared with transformers where --python is given:
//   node scripts/train-mini.mjs OUT [--steps 120] [--python /path/to/python] [--report FILE]
// Compiled sources: npm run build. Exit code 1 when a loss does not fall or a number is off.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { scope, tensor, version } from '@motion-enhancer/libtorch';
import { writeRandomQwen25VL } from '@motion-enhancer/models';
import { emptyOwnFolder } from '@motion-enhancer/support';
import { resolve } from '../packages/motion-enhancer/dist/config/field.js';
import { PRIOR_FIELDS } from '../packages/motion-enhancer/dist/prior/config.js';
import { PriorStore } from '../packages/motion-enhancer/dist/prior/store/store.js';
import { keptWords } from '../packages/motion-enhancer/dist/testing/kept-words.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixture = (path) => join(root, 'test/fixtures', path);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '120' }, python: { type: 'string' }, report: { type: 'string' } },
});
const [out] = positionals;
if (!out) {
  console.error('Expected a folder to write to.');
  process.exit(2);
}
emptyOwnFolder(out, 'scripts/train-mini.mjs');
const at = (...parts) => join(out, ...parts);

writeRandomQwen25VL(at('vlm'), { seed: 3, layers: 4, hiddenSize: 64, dtype: 'float32' });
for (const name of readdirSync(fixture('tokenizers/qwen2')))
  copyFileSync(join(fixture('tokenizers/qwen2'), name), at('vlm', name));
writeFileSync(at('vlm', 'RANDOM_WEIGHTS'), 'random\n');

const SAMPLES = [
  ['rabbit', 'moviepy_bbb_432_433.webm', 'A white rabbit turns around and walks away.'],
  ['film', 'hfdatasets_66x50.mov', 'A small figure jumps over a fence and runs.'],
  ['squares', 'made_odd_35x27.mkv', 'Two squares slide to the left and then stop.'],
  ['space', 'torchcodec_nasa_13013.mp4', 'A man speaks and lifts one hand slowly.'],
];
const rows = SAMPLES.map(([id, video, text]) => ({
  id,
  video: fixture(`videos/${video}`),
  conversations: [
    { from: 'human', value: '<video>What happens?' },
    { from: 'gpt', value: text },
  ],
}));
writeFileSync(at('data.json'), JSON.stringify(rows));

/** A blob that crosses the frame, each word's a little later: attention sums to about 0.1 a word. */
const GRID = { frames: 2, height: 3, width: 4 };
const store = new PriorStore(at('priors'));
SAMPLES.forEach(([id, , text], s) => {
  const words = keptWords(text);
  const map = words.flatMap((_, w) =>
    Array.from({ length: GRID.frames * GRID.height * GRID.width }, (_, i) => {
      const [f, y, x] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
      const distance = (y - (s % 3)) ** 2 + (x - ((w + 2 * f) % 4)) ** 2;
      return 0.03 * Math.exp(-distance / 2);
    }),
  );
  scope(() => {
    const rows_WFHW = tensor(map, { shape: [words.length, GRID.frames, GRID.height, GRID.width] });
    store.write({
      info: {
        format: 1,
        id,
        key: `mini-${id}`,
        text,
        words,
        heads: [{ dfc: 0.1, tcs: 1, dsr: 0.5, score: 0.25, rank: 0, kept: true }],
        grid: GRID,
        cell: { pixelHeight: 16, pixelWidth: 16, frames: [], seconds: [] },
        video: { file: id, sha256: '', verdict: 'ok', frames: [0, 1], seconds: [0, 0.1] },
        model: { vdm: 'made up', sha256: '', weights: 'random', dtype: 'float32', device: 'cpu' },
        options: resolve(PRIOR_FIELDS, {}),
        code: 'train-mini',
        createdAt: '2026-01-01T00:00:00Z',
      },
      rows_WFHW,
      allHeads_WFHW: rows_WFHW,
    });
  });
});

writeFileSync(
  at('run.yaml'),
  `vlm: ${at('vlm')}
data: ${at('data.json')}
priors: ${at('priors')}
out: ${at('run')}
steps: ${values.steps}
batchSize: 4
lr: 1e-3
mergerLr: 1e-3
visionLr: 1e-4
aligner: identity   # so that the attention itself must move
words: all
lambda: auto:0.3
ratioEvery: 10
maxPixels: 12544
frames: 4
`,
);
const tool = [join(root, 'packages/cli/bin/motion-enhancer.js'), 'train', at('run.yaml')];
const began = performance.now();
const run = spawnSync(process.execPath, tool, { stdio: 'inherit' });
if (run.status !== 0) process.exit(run.status ?? 1);
const seconds = (performance.now() - began) / 1000;

const log = readFileSync(at('run', 'log.jsonl'), 'utf8').trimEnd().split('\n').map(JSON.parse);
const mean = (list, pick) => list.reduce((sum, entry) => sum + pick(entry), 0) / list.length;
// The first two steps are equal by design (the schedule starts at rate 0).
const [first, last] = [log.slice(0, 2), log.slice(-5)];
const losses = ['lossAr', 'lossAlign'].map((name) => [name, mean(first, (e) => e[name]), mean(last, (e) => e[name])]);
const table = `| loss | first two steps | last five | ratio |
| --- | --- | --- | --- |
${losses.map(([name, a, b]) => `| ${name === 'lossAr' ? 'L_AR' : 'L_MSE'} | ${a.toPrecision(4)} | ${b.toPrecision(4)} | ${(b / a).toFixed(3)} |`).join('\n')}
`;
console.log(table);
const [ar, align] = losses;
let ok = ar[2] < ar[1] && align[2] <= align[1] / 2;
console.log(ok ? 'L_MSE fell by half or more while L_AR fell as well' : 'FAILED: a loss did not fall as it should');

let compared = '';
if (values.python) {
  const check = spawnSync(
    process.execPath,
    [
      join(root, 'scripts/check-with-transformers.mjs'),
      at('check'),
      '--python',
      values.python,
      at('run', 'checkpoint'),
    ],
    { encoding: 'utf8' },
  );
  compared = check.stdout;
  console.log(compared, check.stderr);
  ok &&= check.status === 0;
}
if (values.report)
  writeFileSync(
    values.report,
    `# A run in miniature

${table}
${log.length} steps of 4 samples, ${seconds.toFixed(0)} s; λ went from ${log[0].lambda.toPrecision(3)} to ${log.at(-1).lambda.toPrecision(3)} (\`lambda: auto:0.3\`). A random Qwen2.5-VL of four layers, made-up
priors: it shows that the machinery learns, and nothing about the method. ${cpus()[0].model}; libtorch ${version()};
${new Date().toISOString().slice(0, 10)}; commit ${process.env.COMMIT ?? 'unknown'}, command \`node scripts/train-mini.mjs OUT${values.steps === '120' ? '' : ` --steps ${values.steps}`}${values.python ? ' --python PYTHON' : ''}\`
${compared ? `\nThe exported checkpoint in transformers:\n\n\`\`\`\n${compared.trimEnd()}\n\`\`\`\n` : ''}`,
  );
process.exit(ok ? 0 : 1);
