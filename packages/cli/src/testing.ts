import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loaderFlags } from '@motion-enhancer/support';
import { runCommand } from './run-command.js';

export interface CliResult {
  code: number | null;
  out: string;
  err: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const main = fileURLToPath(new URL(`./main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));

/** Output, environment and signals belong to the whole process: one command at a time. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the tool within this process: exit code, and what it wrote to stdout and stderr. Afterwards environment, working
 * folder and listeners are as before. Plugins register for good, so that `--plugin` needs a process (`spawnCli`).
 */
export function runCli(args: readonly string[]): Promise<CliResult> {
  assert.ok(!args.some((arg) => arg.startsWith('--plugin')), 'plugins need a process of their own: spawnCli');
  const result = last.then(() => captured(() => runCommand(args)));
  last = result.catch(() => {});
  return result;
}

async function captured(run: () => Promise<number>): Promise<CliResult> {
  const [out, err] = [capture(process.stdout), capture(process.stderr)];
  const environment = { ...process.env };
  const folder = process.cwd();
  const listeners = snapshotListeners();
  process.chdir(root);
  try {
    const code = await run();
    return { code, out: out.text(), err: err.text() };
  } finally {
    process.chdir(folder);
    restoreListeners(listeners);
    for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
    Object.assign(process.env, environment);
    err.restore();
    out.restore();
  }
}

/** Keeps the text written to a stream. What is no text passes: the test runner reports to its parent so. */
function capture(stream: NodeJS.WriteStream): { text(): string; restore(): void } {
  const { write } = stream;
  let kept = '';
  stream.write = ((chunk: string | Uint8Array, ...more: never[]): boolean => {
    if (typeof chunk !== 'string') return write.call(stream, chunk, ...more);
    kept += chunk;
    const done: unknown = more.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  }) as typeof stream.write;
  return {
    text: () => kept,
    restore() {
      stream.write = write;
    },
  };
}

type Listener = (...given: unknown[]) => void;
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const snapshotListeners = (): Map<string, readonly unknown[]> =>
  new Map(EVENTS.map((name) => [name, process.listeners(name as NodeJS.Signals)]));

function restoreListeners(before: ReadonlyMap<string, readonly unknown[]>): void {
  for (const [name, kept] of before)
    for (const listener of process.listeners(name as NodeJS.Signals))
      if (!kept.includes(listener)) process.off(name, listener as Listener);
}

/** Runs the tool in a process of its own: from sources or compiled, as the test itself is. */
export function spawnCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...loaderFlags(process.execArgv), main, ...args], {
      cwd: root,
      // A warning of Node's would be a line on stderr.
      env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_TEST_CONTEXT: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Expects exit code 2, no stack and, as the last line of stderr, `error: …` that matches. */
export async function refuses(args: readonly string[], message: RegExp, run = runCli): Promise<void> {
  assert.match(await refusal(args, run), message);
}

/** The line itself. */
export async function refusal(args: readonly string[], run = runCli): Promise<string> {
  const { code, out, err } = await run(args);
  assert.equal(code, 2, `exit code ${code} of ${args.join(' ')}\n${out}${err}`);
  const lines = err.trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('error: ')).length, 1, err);
  const last = lines.at(-1)!;
  assert.match(last, /^error: /, err);
  assert.doesNotMatch(err, /\n {4}at |node:internal|defect of MotionEnhancer/);
  return last;
}

/** Lines that are JSON objects, all of them. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
