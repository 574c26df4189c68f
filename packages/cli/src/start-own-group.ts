import { processCount } from '@motion-enhancer/core/internal/parallel/process-count.js';
import { startProcesses } from '@motion-enhancer/core/internal/parallel/start-processes.js';
import { readGroupEnvironment } from '@motion-enhancer/libtorch';

/**
 * Runs this very command in several processes where `--gpus` or `--processes` asks for them and nobody else started some.
 * @returns the exit code; null where this process is to do the work itself
 */
export async function startOwnGroup(
  command: string,
  argv: readonly string[],
  asked: { gpus: string; processes: number | null; device: string; json: boolean },
): Promise<number | null> {
  if (!startsOwnGroup(asked)) return null;
  const count = processCount(asked);
  return startProcesses({
    command: process.execPath,
    args: [...process.execArgv, process.argv[1]!, command, ...argv],
    count,
    // Who reads JSON reads the first rank's lines as they are.
    ...(asked.json ? { prefixOf: (rank) => (rank === 0 ? '' : `[rank ${rank}] `) } : {}),
  });
}

/** Whether `startOwnGroup` will start processes. @throws UserError ERR_VALUE where it cannot */
export function startsOwnGroup(asked: { gpus: string; processes: number | null; device: string }): boolean {
  return readGroupEnvironment().launcher === 'none' && processCount(asked) > 1;
}
