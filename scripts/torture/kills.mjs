// Campaigns of kills and of full disks: whatever happened to the runs before, one that ends must end like an undisturbed one.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { badEnd, lastLine, runCommand } from './run-command.mjs';
import { shimEnvironment } from './shim.mjs';

/** Runs each command undisturbed once: what it ends with, how long it takes and how many changes of files it makes. */
export async function references(subjects, library) {
  const found = {};
  await Promise.all(
    ['extract', 'train', 'eval'].map(async (name) => {
      const dir = subjects.makeOut(`${name}-whole`);
      const counter = join(dir, 'counter');
      const env = { XDG_CACHE_HOME: join(dir, 'cache') };
      const shim = library ? shimEnvironment({ library, under: join(dir, 'run'), counter, at: 0, action: '' }) : {};
      const run = await runCommand(subjects[name].argv(join(dir, 'run')), { env: { ...env, ...shim } });
      if (run.code !== 0) throw new Error(`The undisturbed ${name} failed: ${run.err}`);
      const calls = library ? Number(readFileSync(counter).readBigUInt64LE(0)) : 0;
      found[name] = { ends: subjects[name].ends(join(dir, 'run')), ms: run.ms, calls };
    }),
  );
  return found;
}

/** One trial of a campaign; how many interruptions it made, and what was wrong. */
export async function trial(kind, name, { subjects, wholes, library, random, count }) {
  const dir = subjects.makeOut(`${name}-${kind}-${count}`);
  const out = join(dir, 'run');
  const whole = wholes[name];
  const env = { XDG_CACHE_HOME: join(dir, 'cache') };
  const disturbed = (argv) => {
    if (kind === 'random' || kind === 'pair')
      return runCommand(argv, { env, killAfter: random.next() * whole.ms * 1.2 });
    const action = kind === 'full' ? 'enospc' : random.pick(['kill', 'tear']);
    const at = 1 + random.below(whole.calls);
    const counter = join(dir, `counter-${random.below(1e9)}`);
    return runCommand(argv, { env: { ...env, ...shimEnvironment({ library, under: out, counter, at, action }) } });
  };
  const calls = argvs(kind, name, subjects, out);
  let interruptions = 0;
  const wrong = [];
  for (let turn = 0; turn < (kind === 'full' ? 1 : 2); turn++)
    for (const run of await Promise.all(calls.map(disturbed))) {
      const interrupted = run.signal === 'SIGKILL' && !run.hung;
      if (interrupted || (kind === 'full' && run.code !== 0)) interruptions++;
      const bad = interrupted ? null : badEnd(run);
      if (bad) wrong.push(bad);
    }
  for (const argv of calls) {
    const last = await runCommand(argv, { env });
    if (last.code !== 0) wrong.push(`it does not go on: ${lastLine(last.err)}`);
  }
  if (wrong.length === 0 && subjects[name].ends(out) !== whole.ends) wrong.push(`it ends otherwise (${dir})`);
  if (wrong.length === 0) rmSync(dir, { recursive: true });
  return { interruptions, wrong };
}

/** Two processes at once: on one store of priors, on two shards of one evaluation. */
function argvs(kind, name, subjects, out) {
  const { argv } = subjects[name];
  if (kind !== 'pair') return [argv(out)];
  return name === 'eval' ? [argv(out, '0/2'), argv(out, '1/2')] : [argv(out), argv(out)];
}

/** Campaigns in the order in which their trials take turns. */
export const CAMPAIGNS = [
  ['nth', 'extract'],
  ['nth', 'train'],
  ['nth', 'eval'],
  ['full', 'extract'],
  ['pair', 'extract'],
  ['random', 'train'],
  ['full', 'train'],
  ['random', 'eval'],
  ['pair', 'eval'],
  ['random', 'extract'],
  ['full', 'eval'],
];
