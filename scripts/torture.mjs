#!/usr/bin/env node
// npm run torture [-- --seconds N --seed N --only flips|mutants|kills --out FILE.md]
// Kills, full disks, flipped bytes and mutated inputs, for so long, and a table of what came of it (docs/reliability.md).
// Ends with code 1 where something was lost, silent, untyped or without an end.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CAMPAIGNS, references, trial } from './torture/kills.mjs';
import { mutants } from './torture/mutants.mjs';
import { randomOf } from './torture/random.mjs';
import { report } from './torture/report.mjs';
import { buildShim } from './torture/shim.mjs';
import { makeSubjects } from './torture/subjects.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string' },
    lanes: { type: 'string' },
    only: { type: 'string' },
  },
});
const seconds = Number(values.seconds ?? 480);
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const lanes = Number(values.lanes ?? 2);
const scratch = mkdtempSync(join(tmpdir(), 'torture-'));
const started = performance.now();
const gone = () => (performance.now() - started) / 1000;
const until = (share) => started + seconds * 1000 * share;
const log = (line) => console.error(`${gone().toFixed(0).padStart(4)} s  ${line}`);

const library = buildShim(scratch);
if (!library) log('no C++ compiler: kills at the n-th call and full disks are left out');
const subjects = makeSubjects(scratch);
const wholes = await references(subjects, library);
log(
  `undisturbed: ${Object.entries(wholes)
    .map(([name, { ms, calls }]) => `${name} ${Math.round(ms)} ms, ${calls} changes of files`)
    .join('; ')}`,
);

const wanted = (name) => !values.only || values.only === name;
const rows = [];
if (wanted('flips')) rows.push(...(await flips(values.only ? 0.95 : 0.12)));
if (wanted('mutants')) rows.push(...(await mutated(values.only ? 0.95 : 0.37)));
if (wanted('kills')) rows.push(...(await kills(0.93)));
const bad = rows.filter(({ wrong }) => wrong.length > 0);
const text = report({ rows, seconds: gone(), seed, wholes, lanes });
console.log(text);
if (values.out) writeFileSync(values.out, text);
if (bad.length === 0) rmSync(scratch, { recursive: true });
else log(`what went wrong lies in ${scratch}`);
process.exitCode = bad.length === 0 ? 0 : 1;

async function kills(share) {
  const campaigns = CAMPAIGNS.filter(([kind]) => library || (kind !== 'nth' && kind !== 'full'));
  const table = campaigns.map(([kind, name]) => ({ what: kind, of: name, trials: 0, inner: 0, wrong: [] }));
  let count = 0;
  const lane = async () => {
    // On a machine that is busy each lane makes one trial at least.
    do {
      const turn = count++;
      const row = table[turn % table.length];
      const random = randomOf(seed + turn);
      const { interruptions, wrong } = await trial(row.what, row.of, {
        subjects,
        wholes,
        library,
        random,
        count: turn,
      });
      row.trials++;
      row.inner += interruptions;
      for (const one of wrong) log(`${row.what} ${row.of}, trial ${turn}: ${one}`);
      row.wrong.push(...wrong);
    } while (performance.now() < until(share));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  log('kills and full disks: done');
  return table;
}

async function flips(share) {
  const script = fileURLToPath(new URL('./torture/flip-worker.mjs', import.meta.url));
  const time = Math.max(4000, until(share) - performance.now());
  const child = spawn(process.execPath, [script, scratch, String(seed), String(time)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  log('flipped bytes: done');
  if (code !== 0)
    return [{ what: 'flip', of: 'all', trials: 0, inner: 0, wrong: [`the process ended with code ${code}`] }];
  return Object.entries(JSON.parse(out)).map(([of, row]) => ({
    what: 'flip',
    of,
    trials: row.trials,
    inner: row.noticed,
    harmless: row.harmless,
    wrong: [...Array(row.silent).fill('silent'), ...Array(row.untyped).fill('untyped')].map(
      (kind, i) => `${kind}: ${row.examples[i]}`,
    ),
  }));
}

async function mutated(share) {
  const table = await mutants({
    scratch,
    subjects,
    random: randomOf(seed),
    milliseconds: Math.max(3000, until(share) - performance.now()),
  });
  log('mutated inputs: done');
  return Object.entries(table).map(([of, { trials, refused, read, wrong }]) => ({
    what: 'mutant',
    of,
    trials,
    inner: refused,
    harmless: read,
    wrong,
  }));
}
