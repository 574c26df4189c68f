import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CLAIM_LIMIT_MS, CLAIM_NAME, claimState, isAlive, readClaim, removeVoid } from '@motion-enhancer/support';

export interface Rubbish {
  path: string;
  kind: 'claim' | 'temporary';
  bytes: number;
  why: string;
}

/** A temporary file that nothing vouches for may be of a process on another machine, which writes for seconds. */
const YOUNG_MS = 60_000;

/**
 * What killed processes left in a store: void claims, and half-written files (`.NAME.PID-….tmp`). Files of processes
 * that live are left, also of those on other machines. Never a prior.
 * @param remove false only lists
 */
export function tidyStore(dir: string, { remove = true }: { remove?: boolean } = {}): Rubbish[] {
  const names = readdirSync(dir);
  // Temporary files first: the claim beside one tells whose it is.
  const found = [...names.flatMap((name) => temporary(dir, name)), ...names.flatMap((name) => voidClaim(dir, name))];
  return found.flatMap(({ token, ...rubbish }) => {
    if (remove) {
      if (token === null) rmSync(rubbish.path, { force: true });
      // Taken over since it was judged: it is in use.
      else if (!removeVoid(rubbish.path, token)) return [];
    }
    return [rubbish];
  });
}

type Found = Rubbish & { token: string | null };

function voidClaim(dir: string, name: string): Found[] {
  if (!CLAIM_NAME.test(name)) return [];
  const path = join(dir, name);
  const claim = readClaim(path);
  if (claim === 'absent' || !claim.void) return [];
  const why = claim.pid === null ? 'it is empty' : `process ${claim.pid} is gone or has not refreshed it`;
  return [{ path, kind: 'claim', bytes: sizeOf(path), why, token: claim.token }];
}

function temporary(dir: string, name: string): Found[] {
  if (!name.startsWith('.') || !name.endsWith('.tmp')) return [];
  const path = join(dir, name);
  const age = ageOf(path);
  if (age === null) return [];
  const pid = Number(/\.(\d+)-[0-9a-f]+\.tmp$/.exec(name)?.[1] ?? Number.NaN);
  const key = /^\.([0-9a-f]+)\.safetensors\./.exec(name)?.[1];
  const state = key === undefined ? 'absent' : claimState(dir, key);
  // Whoever holds the claim writes now, or removes what its forerunner left.
  if (state === 'held') return [];
  const alive = Number.isInteger(pid) && isAlive({ pid, started: '' });
  const over = state === 'void' ? !alive : age > (alive ? CLAIM_LIMIT_MS : YOUNG_MS);
  if (!over) return [];
  const why = alive ? 'nothing was written to it for long' : `process ${Number.isInteger(pid) ? pid : '?'} is gone`;
  return [{ path, kind: 'temporary', bytes: sizeOf(path), why, token: null }];
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function ageOf(path: string): number | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? Date.now() - stat.mtimeMs : null;
}
