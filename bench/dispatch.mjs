// npm run bench:dispatch: what a call into libtorch costs from here and from eager PyTorch in Python, side by side:
// one process each, one thread each, the same operators, turn by turn. Writes bench/results/dispatch-HOST.md.
//   PYTHON=…     the Python to compare with (else python3, else /opt/venvs/ref/bin/python)
//   HOST_KIND=…  the name of the result file (else from the processor's name)
//   ROUNDS=…     turns (60)
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const rounds = Number(process.env.ROUNDS ?? 60);
/** Goals: our cost over Python's. */
const CASES = [
  ['add_2x2', 'a + b, 2×2', 0.7],
  ['add_2x2_scope_each', 'a + b, 2×2, a scope around each call', undefined],
  ['add_64x64', 'a + b, 64×64', 0.7],
  ['linear', 'linear, 8×64 by 64×64, bias', 1.0],
  ['attention', 'attention block, 16 tokens × 64, 4 heads, with its MLP', 1.0],
];

const python = [process.env.PYTHON, 'python3', '/opt/venvs/ref/bin/python'].find(
  (candidate) => candidate && spawnSync(candidate, ['-c', 'import torch']).status === 0,
);

/** A child that measures one case per line asked: "add_2x2" in, nanoseconds per call out. */
function worker(command, args) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${command} ${args.join(' ')} stopped early.`);
    return value;
  };
  return {
    hello: next,
    measure: async (name) => {
      child.stdin.write(`${name}\n`);
      return Number(await next());
    },
    close: () => child.stdin.end(),
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const ours = worker(process.execPath, [here('./dispatch-ours.mjs')]);
const theirs = python && worker(python, [here('./dispatch_theirs.py')]);
const [ourVersion, theirVersion] = [await ours.hello(), theirs ? await theirs.hello() : 'absent'];
if (!theirs) console.log('No Python with torch was found (PYTHON=… names one): only our side is measured.');

const measured = new Map(CASES.map(([name]) => [name, { ours: [], theirs: [] }]));
for (let round = 0; round < rounds; round++) {
  for (const [name] of CASES) {
    measured.get(name).ours.push(await ours.measure(name));
    if (theirs) measured.get(name).theirs.push(await theirs.measure(name));
  }
}
ours.close();
theirs?.close();

const rows = CASES.map(([name, title, goal]) => {
  const mine = median(measured.get(name).ours);
  const other = theirs && median(measured.get(name).theirs);
  // Of each turn by itself: a machine shared with others is as busy for both sides of one turn.
  const ratio = theirs && median(measured.get(name).ours.map((value, turn) => value / measured.get(name).theirs[turn]));
  const verdict =
    goal === undefined ? '' : ratio === undefined ? `≤ ${goal}` : `≤ ${goal} ${ratio <= goal ? 'met' : 'missed'}`;
  return [title, mine.toFixed(0), other?.toFixed(0) ?? '–', ratio?.toFixed(2) ?? '–', verdict];
});
const head = ['call', 'ours, ns', 'Python, ns', 'ratio', 'goal'];
const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const git = (...args) => spawnSync('git', args, { cwd: here('..'), encoding: 'utf8' }).stdout?.trim() ?? '';
const changed = git('status', '--porcelain', 'packages/libtorch', 'native', 'bench/*.mjs', 'bench/*.py') !== '';
const model = os.cpus()[0]?.model.trim() ?? 'unknown';
const kind =
  process.env.HOST_KIND ??
  `cpu-${model
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}`;
const text = `# Cost of a call, ${kind}

${table}

Medians of ${rounds} turns (ours, theirs, ours, …), the ratio that of the two sides of a turn; one thread each, no gradients on both sides. Ours is the \`Tensor\` class, with
10 calls (attention: one block) to a \`scope\`; freeing the results is counted on both sides.

- ours: ${ourVersion}; theirs: ${theirVersion}
- ${model}, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)} at the end, ${new Date().toISOString().slice(0, 10)}
- commit ${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}, command \`npm run bench:dispatch\`
`;
mkdirSync(here('./results'), { recursive: true });
writeFileSync(here(`./results/dispatch-${kind}.md`), text);
console.log(text);
