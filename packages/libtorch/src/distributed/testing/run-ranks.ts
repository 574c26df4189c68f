import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loaderFlags } from './loader-flags.js';

/** How one rank ended. */
export interface RankEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RanksOptions {
  /** Variables that say where all ranks meet; a rendezvous file of its own is the default. */
  env?: Record<string, string>;
  /** Other variables of all ranks. */
  variables?: Record<string, string>;
  /** Called with the children once they run. */
  onStart?: (children: readonly ChildProcess[]) => void;
}

/** Runs a scenario of group-child.ts in `size` processes and waits for their ends, by rank. */
export async function runRanks(scenario: string, size: number, options: RanksOptions = {}): Promise<RankEnd[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ranks-'));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./group-child.${extension}`, import.meta.url));
  const place = options.env ?? { LIBTORCH_GROUP_FILE: join(folder, 'store') };
  const children = Array.from({ length: size }, (_, rank) =>
    spawn(process.execPath, [...loaderFlags(process.execArgv), script, scenario], {
      env: {
        ...process.env,
        OMP_NUM_THREADS: '1',
        ...place,
        ...options.variables,
        RANK: `${rank}`,
        LOCAL_RANK: `${rank}`,
        WORLD_SIZE: `${size}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  try {
    options.onStart?.(children);
    return await Promise.all(children.map(endOf));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function endOf(child: ChildProcess): Promise<RankEnd> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}
