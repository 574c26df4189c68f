// Mutated media, data files, checkpoints and settings: each is read, or refused in one sentence.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mutate } from './mutate.mjs';

const WORKER = fileURLToPath(new URL('./mutant-worker.mjs', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../test/fixtures/', import.meta.url));
/** A sound input of this size takes less than a second. */
const LONGEST_MS = 90_000;
const BYTES = 400_000;

const TEXT = /\.(json|jsonl|csv|tsv|ya?ml|txt|model_index)$/;

/** Every input that is mutated: { kind, file, folder? } — with a folder, all of it is read and that file of it mutated. */
function inputs(scratch, { vlm, vdm, bench }) {
  const files = (folder, pattern) =>
    readdirSync(join(FIXTURES, folder), { recursive: true })
      .map((name) => join(FIXTURES, folder, name))
      .filter((path) => pattern.test(path) && statSync(path).isFile() && statSync(path).size < BYTES);
  const within = (kind, folder, pattern) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => pattern.test(name) && statSync(join(folder, name)).isFile())
      .map((name) => ({ kind, file: name, folder }));
  const settings = join(scratch, 'settings.yaml');
  writeFileSync(
    settings,
    'vlm: a\ndata: [b%50, c]\nout: d\nlr: 1e-5\nsteps: 3\nfreeze: &x [vision]\nother: *x\nlambda: auto:0.5\n',
  );
  const one = (kind) => (file) => ({ kind, file });
  return {
    videos: [...files('videos', /\.(mp4|mkv|webm|mov|m4a)$/), ...files('cases', /\.(mp4|mkv|avi|mpegts)$/)].map(
      one('video'),
    ),
    images: [...files('images', /\.(png|jpe?g|gif|webp|bmp|tiff)$/), ...files('cases/images', /\.(png|jpg|tiff)$/)].map(
      one('image'),
    ),
    'data files': files('cases', /\.(jsonl?|csv|parquet|gz)$/).map(one('data')),
    'run files': [settings].map(one('yaml')),
    'VLM checkpoints': within('vlm', vlm, /\.(json|txt)$|safetensors$/),
    'video diffusion checkpoints': within('vdm', vdm, /\.json$|safetensors$|spiece\.model$/),
    benchmarks: within('bench', bench, /\.jsonl?$/),
  };
}

/** Reads mutants until the time is over; rows { kind: { trials, read, refused, wrong: [] } }. */
export async function mutants({ scratch, subjects, random, milliseconds }) {
  const dir = join(scratch, 'mutants');
  mkdirSync(dir);
  const all = Object.entries(inputs(dir, subjects));
  const table = Object.fromEntries(all.map(([name]) => [name, { trials: 0, read: 0, refused: 0, wrong: [] }]));
  const deadline = performance.now() + milliseconds;
  let worker = startWorker();
  for (let turn = 0; turn < all.length || performance.now() < deadline; turn++) {
    const [name, list] = all[turn % all.length];
    const input = random.pick(list);
    const path = write(dir, input, random);
    const said = await worker.ask({ path, kind: input.kind });
    const row = table[name];
    row.trials++;
    if (said.ok) row.read++;
    else if (said.typed) row.refused++;
    else {
      const kept = join(scratch, 'kept');
      mkdirSync(kept, { recursive: true });
      const copy = join(kept, `${turn}-${basename(input.file)}`);
      cpSync(input.folder ? join(path, input.file) : path, copy);
      row.wrong.push(`${said.untyped ?? said.ended} (${input.file}: ${copy})`);
    }
    if (said.ended) worker = startWorker();
  }
  worker.end();
  return table;
}

/** Writes the mutant; media that data files name are not there, which is no matter of the file. */
function write(dir, { file, folder }, random) {
  if (!folder) {
    const path = join(dir, `mutant-${basename(file)}`);
    writeFileSync(path, mutate(readFileSync(file), TEXT.test(file), random));
    return path;
  }
  const copy = join(dir, basename(folder));
  const before = copies.get(copy);
  if (!before) cpSync(folder, copy, { recursive: true });
  else writeFileSync(join(copy, before), readFileSync(join(folder, before)));
  copies.set(copy, file);
  writeFileSync(join(copy, file), mutate(readFileSync(join(folder, file)), TEXT.test(file), random));
  return copy;
}
/** Of each copied folder which file is mutated. */
const copies = new Map();

function startWorker() {
  const child = spawn(process.execPath, [WORKER], {
    env: { ...process.env, OMP_NUM_THREADS: '1', NODE_NO_WARNINGS: '1', NODE_TEST_CONTEXT: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let err = '';
  let waiting = null;
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err = (err + text).slice(-2000);
  });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) =>
    waiting?.(line.startsWith('{') ? JSON.parse(line) : {}),
  );
  child.on('close', (code, signal) =>
    waiting?.({ ended: `the process ended (${signal ?? code}): ${err.slice(-300)}` }),
  );
  return {
    ask: (request) =>
      new Promise((resolve) => {
        const watch = setTimeout(() => {
          waiting = null;
          child.kill('SIGKILL');
          resolve({ ended: `it came to no end in ${LONGEST_MS / 1000} s` });
        }, LONGEST_MS);
        waiting = (said) => {
          clearTimeout(watch);
          waiting = null;
          resolve(said);
        };
        child.stdin.write(`${JSON.stringify(request)}\n`);
      }),
    end: () => child.stdin.end(),
  };
}
