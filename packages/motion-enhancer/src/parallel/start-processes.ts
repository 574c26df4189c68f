import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { GROUP_FILE } from '@motion-enhancer/libtorch/group-environment';
import { prefixLines } from './prefix-lines.js';

export interface StartOptions {
  /** The program that every process runs, with its arguments. */
  command: string;
  args: readonly string[];
  count: number;
  env?: NodeJS.ProcessEnv;
  stdout?: Writable;
  stderr?: Writable;
  /** What begins each of a process's lines; `[rank k] ` by default. */
  prefixOf?: (rank: number) => string;
  /** How long a process has to end after SIGTERM before it is killed, ms. */
  graceMs?: number;
}

/** How one process ended. */
export interface ProcessEnd {
  rank: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines that it wrote to stderr. */
  lastLines: string[];
}

/** How long output may come after a process has ended, ms. */
const PIPES_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `count` processes of one command on this host as one group: `readGroupEnvironment` finds rank, size and a rendezvous
 * file in each. Their output comes out line by line after `[rank k] `. SIGINT, SIGTERM and SIGHUP are passed on to all; what
 * was passed on is no failure. The first process that fails ends the others, and is named at the end.
 * @returns the exit code: 0 when all ended well, else that of the first that did not (128 + number of the signal that ended it)
 */
export async function startProcesses(options: StartOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'motion-enhancer-group-'));
  const running = new Set<ChildProcess>();
  let passedOn: NodeJS.Signals | undefined;
  let failed: ProcessEnd | undefined;
  let bad: ProcessEnd | undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    passedOn = signal;
    for (const child of running) child.kill(signal);
  };
  // Whatever ends this process, such as a reader that closes the pipe, ends them too.
  const killAll = (): void => {
    for (const child of running) killGroup(child);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  process.on('exit', killAll);
  let killer: NodeJS.Timeout | undefined;
  const endOthers = (): void => {
    for (const child of running) child.kill('SIGTERM');
    killer ??= setTimeout(() => running.forEach(killGroup), options.graceMs ?? 5000);
  };
  try {
    const ends = Array.from({ length: options.count }, async (_, rank) => {
      const child = startOne(options, rank, join(folder, 'store'));
      running.add(child);
      const end = await endOf(child, rank, options);
      running.delete(child);
      if (end.code === 0) return;
      bad ??= end;
      if (failed || (passedOn && isAnswerTo(passedOn, end))) return;
      failed = end;
      endOthers();
    });
    await Promise.all(ends);
  } finally {
    clearTimeout(killer);
    for (const signal of SIGNALS) process.off(signal, passOn);
    process.off('exit', killAll);
    rmSync(folder, { recursive: true, force: true });
  }
  if (failed) (options.stderr ?? process.stderr).write(failureText(failed, options.count));
  const first = failed ?? bad;
  return first ? exitCode(first) : 0;
}

function startOne(
  { command, args, count, env = process.env }: StartOptions,
  rank: number,
  store: string,
): ChildProcess {
  // Processes of one host share its cores.
  const threads = Math.max(1, Math.floor(availableParallelism() / count));
  return spawn(command, args, {
    env: {
      OMP_NUM_THREADS: `${threads}`,
      ...env,
      RANK: `${rank}`,
      LOCAL_RANK: `${rank}`,
      WORLD_SIZE: `${count}`,
      [GROUP_FILE]: store,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: a terminal's Ctrl-C then comes once, through this process.
    detached: true,
  });
}

function endOf(child: ChildProcess, rank: number, options: StartOptions): Promise<ProcessEnd> {
  const { stdout = process.stdout, stderr = process.stderr } = options;
  const prefix = options.prefixOf?.(rank) ?? `[rank ${rank}] `;
  return new Promise((resolve) => {
    if (!child.stdout || !child.stderr) throw new Error('Both streams are pipes.');
    prefixLines(child.stdout, stdout, prefix);
    const lastLines = prefixLines(child.stderr, stderr, prefix);
    child.once('error', ({ message }) => resolve({ rank, code: 127, signal: null, lastLines: [message] }));
    child.once('exit', (code, signal) => {
      const end = () => resolve({ rank, code, signal, lastLines: lastLines() });
      child.once('close', end);
      // A process that it started may hold its pipes open for long.
      setTimeout(end, PIPES_MS);
    });
  });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

const numberOf = (signal: NodeJS.Signals): number => constants.signals[signal];

function exitCode({ code, signal }: ProcessEnd): number {
  return signal ? 128 + numberOf(signal) : (code ?? 1);
}

/** Ended by the signal that was passed on, or with the exit code that stands for it. */
function isAnswerTo(passedOn: NodeJS.Signals, end: ProcessEnd): boolean {
  return exitCode(end) === 128 + numberOf(passedOn);
}

function failureText({ rank, code, signal, lastLines }: ProcessEnd, count: number): string {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  const words = lastLines.map((line) => `  ${line}\n`).join('');
  return `error: Rank ${rank} of ${count} ${how}, before any other failed; the others were ended.${words ? ' Its last lines:' : ''}\n${words}`;
}
