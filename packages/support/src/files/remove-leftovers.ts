import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../process-identity.js';
import { CLAIM_LIMIT_MS } from './claim.js';

/** As `writeFileAtomically` and `saveCheckpoint` name what they write beside its place, or put aside for it. */
const NAME = /^\.(.+)\.(\d+)-[0-9a-f]{8}\.(tmp|old)$/;

/**
 * Removes what killed processes left beside their files in a folder that this process alone writes to now. What was put
 * aside for a file that never came goes back to its place.
 * @returns the names
 */
export function removeLeftovers(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => {
    const [, target, pid, kind] = NAME.exec(name) ?? [];
    if (target === undefined || inUse(join(dir, name), Number(pid))) return false;
    if (kind === 'old' && !existsSync(join(dir, target))) renameSync(join(dir, name), join(dir, target));
    else rmSync(join(dir, name), { recursive: true, force: true });
    return true;
  });
}

/** In a container the new process often has the number of the one that was killed. */
function inUse(path: string, pid: number): boolean {
  if (pid === process.pid || !isAlive({ pid, started: '' })) return false;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) < CLAIM_LIMIT_MS;
}
