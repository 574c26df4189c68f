// One process that flips bytes in files that the commands wrote, reads each as the commands do, and says what came of it:
//   node flip-worker.mjs SCRATCH SEED MILLISECONDS   → one line of JSON: { kind: { trials, noticed, harmless, silent, untyped, examples } }
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readRunAnswers } from '@motion-enhancer/core/internal/eval/run/read-answers.js';
import { readRun } from '@motion-enhancer/core/internal/eval/run/run-settings.js';
import { appendAlias, readAliases } from '@motion-enhancer/core/internal/prior/store/aliases.js';
import { weightsHash } from '@motion-enhancer/core/internal/prior/store/key.js';
import { PriorStore } from '@motion-enhancer/core/internal/prior/store/store.js';
import { finishedRun } from '@motion-enhancer/core/internal/train/run/finished-run.js';
import { readStateJson } from '@motion-enhancer/core/internal/train/state/state-json.js';
import { findState } from '@motion-enhancer/core/internal/train/state/states.js';
import { openSafetensors, scope, soloGroup } from '@motion-enhancer/libtorch';
import { rememberedHash } from '@motion-enhancer/support';
import { randomOf } from './random.mjs';

const [scratch, seed, milliseconds] = process.argv.slice(2);
const random = randomOf(Number(seed));
const out = (...parts) => join(scratch, 'out', ...parts);
const only = (dir, pattern) =>
  join(
    dir,
    readdirSync(dir)
      .sort()
      .find((name) => pattern.test(name)),
  );

/** Kinds of files: where one lies, and how it is read. A reader returns what the commands would go on with, or throws. */
async function kinds() {
  const store = out('extract-whole/run');
  const prior = only(store, /\.safetensors$/);
  const key = /([^/]+)\.safetensors$/.exec(prior)[1];
  appendAlias(store, { id: 'another', key });
  appendAlias(store, { id: 'ein anderer', key });
  const run = out('train-whole/run');
  const states = join(run, 'states');
  const newest = join(states, readdirSync(states).sort().at(-1));
  const mine = JSON.parse(readFileSync(join(newest, 'state.json'), 'utf8'));
  const settings = JSON.parse(readFileSync(join(run, 'finished.json'), 'utf8')).settings;
  const evaluation = out('eval-whole/run');
  const tensorsOf = (path) => {
    const file = openSafetensors(path);
    const found = new Map([...file.tensors.keys()].map((name) => [name, file.read(name)]));
    file.close();
    return found;
  };
  const video = join(scratch, 'talks.json');
  const weights = [video];
  const cacheIn = (folder) => {
    process.env.XDG_CACHE_HOME = folder;
    return join(folder, 'motion-enhancer');
  };
  let caches = 0;
  /** Each reads the cache anew under another name: processes keep what they read. */
  const withCache = async (file, name, read) => {
    const { mkdirSync } = await import('node:fs');
    const folder = join(scratch, 'flips', String(caches++));
    mkdirSync(join(folder, 'motion-enhancer'), { recursive: true });
    writeFileSync(join(cacheIn(folder), name), readFileSync(file));
    return read();
  };
  const { mkdirSync, utimesSync } = await import('node:fs');
  mkdirSync(join(scratch, 'caches'), { recursive: true });
  utimesSync(video, 1e9, 1e9);
  const cacheDir = cacheIn(join(scratch, 'caches'));
  rememberedHash(video);
  await weightsHash(weights);
  const json = (tensors) =>
    [...tensors].map(([name, tensor]) => [name, tensor.to('float64').sum().item(), tensor.shape]);
  return {
    'a prior (.safetensors)': {
      path: prior,
      read: () =>
        scope(() => {
          const { info, rows_WFHW } = new PriorStore(store, { create: false }).read(key);
          const { createdAt, ...said } = info;
          return [said, rows_WFHW.flatten().toArray?.() ?? rows_WFHW.tolist?.() ?? rows_WFHW.sum().item()];
        }),
    },
    'aliases.jsonl': {
      path: join(store, 'aliases.jsonl'),
      read: () => readAliases(store),
      within: (found, whole) => found.every((one) => whole.some((other) => isDeepStrictEqual(one, other))),
    },
    'state.safetensors': {
      // It has some ten megabytes.
      every: 16,
      path: join(newest, 'state.safetensors'),
      read: async () => {
        const passedOver = [];
        const { dir, ...state } = await findState(run, mine, soloGroup(), (line) => passedOver.push(line));
        if (passedOver.length > 0) throw Object.assign(new Error(passedOver[0]), { name: 'UserError' });
        return [state, scope(() => json(tensorsOf(join(dir, 'state.safetensors'))))];
      },
    },
    'state.json': {
      path: join(newest, 'state.json'),
      read: () => {
        try {
          return readStateJson(join(newest, 'state.json'));
        } catch (error) {
          // What its reader passes over and tells, whatever the error.
          throw Object.assign(error, { name: 'UserError' });
        }
      },
    },
    'finished.json': {
      path: join(run, 'finished.json'),
      read: () => {
        const found = finishedRun(run, settings, true);
        if (!found) throw Object.assign(new Error('not finished'), { name: 'UserError' });
        return found;
      },
    },
    'answers.jsonl': {
      path: join(evaluation, 'answers.jsonl'),
      read: () => Object.fromEntries(readRunAnswers(evaluation).answers),
      within: (found, whole) => Object.entries(found).every(([id, record]) => isDeepStrictEqual(record, whole[id])),
    },
    'run.json': { path: join(evaluation, 'run.json'), read: () => readRun(evaluation) },
    'file-hashes.jsonl': {
      path: join(cacheDir, 'file-hashes.jsonl'),
      read: () => withCache(join(cacheDir, 'file-hashes.jsonl'), 'file-hashes.jsonl', () => rememberedHash(video)),
    },
    'hashes.json': {
      path: join(cacheDir, 'hashes.json'),
      read: () => withCache(join(cacheDir, 'hashes.json'), 'hashes.json', () => weightsHash(weights)),
    },
  };
}

const table = {};
const deadline = performance.now() + Number(milliseconds);
const all = Object.entries(await kinds()).filter(([, { path }]) => existsSync(path));
const wholes = new Map();
for (const [kind, { read }] of all) wholes.set(kind, await read());
for (let turn = 0; performance.now() < deadline; turn++) {
  const [kind, { path, read, within, every = 1 }] = all[turn % all.length];
  if (Math.floor(turn / all.length) % every !== 0) continue;
  const whole = wholes.get(kind);
  table[kind] ??= { trials: 0, noticed: 0, harmless: 0, silent: 0, untyped: 0, examples: [] };
  const row = table[kind];
  const bytes = readFileSync(path);
  // Half of the flips go into the first 4 KiB, where headers are.
  const at = random.below(random.below(2) ? Math.min(4096, bytes.length) : bytes.length);
  const mask = 1 << random.below(8);
  const flipped = Buffer.from(bytes);
  flipped[at] ^= mask;
  writeFileSync(path, flipped);
  row.trials++;
  try {
    const found = await read();
    if (isDeepStrictEqual(found, whole)) row.harmless++;
    else if (within?.(found, whole)) row.noticed++;
    else {
      row.silent++;
      row.examples.push(`byte ${at} ^ ${mask}`);
    }
  } catch (error) {
    if (error.name === 'UserError') row.noticed++;
    else {
      row.untyped++;
      row.examples.push(`byte ${at} ^ ${mask}: ${error.message.slice(0, 160)}`);
    }
  } finally {
    writeFileSync(path, bytes);
  }
}
console.log(JSON.stringify(table));
