import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../process-identity.js';
import { CLAIM_LIMIT_MS, readClaim } from './claim.js';

/** As `writeFileAtomically` names the file that it writes beside the one it is for. */
const TEMPORARY = /^\..+\.(\d+)-[0-9a-f]{8}\.tmp$/;

/**
 * Removes files that writes of killed processes left half-written in a folder. One of a process that lives stays; so does a
 * young one while another claim in `claims` is held, for its process may be on another host.
 * @param claims folder whose claims say who works here @returns how many were removed
 */
export function removeTemporaries(folder: string, claims: string, own: string): number {
  const left = namesOf(folder).filter((name) => TEMPORARY.test(name));
  if (left.length === 0) return 0;
  const shared = namesOf(claims).some((name) => name.endsWith('.claim') && name !== own && isHeld(join(claims, name)));
  const dead = left.filter((name) => {
    const pid = Number(TEMPORARY.exec(name)?.[1]);
    if (isAlive({ pid, started: '' })) return false;
    const age = Date.now() - (statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return !shared || age > CLAIM_LIMIT_MS;
  });
  for (const name of dead) rmSync(join(folder, name), { force: true });
  return dead.length;
}

function isHeld(path: string): boolean {
  const claim = readClaim(path);
  return claim !== 'absent' && !claim.void;
}

function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
