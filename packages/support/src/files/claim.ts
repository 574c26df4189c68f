import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { hostIdentity, isAlive, ownIdentity, type ProcessIdentity } from '../process-identity.js';
import { writeWhole } from './write-whole.js';

/** A claim that was not refreshed for so long is void, wherever its process is. Refreshed at every diffusion step. */
export const CLAIM_LIMIT_MS = 15 * 60_000;
/** Between its creation and its first byte a claim is empty; one that stays so is of a process that was killed there. */
const EMPTY_LIMIT_MS = 10_000;
/** Clocks of hosts that share a folder differ by as much. */
const CLOCK_TOLERANCE_MS = 60_000;

/** The right to compute one prior, as a file of the store: `.KEY.claim`. */
export interface Claim {
  path: string;
  token: string;
}

interface ClaimContent extends ProcessIdentity {
  token: string;
  claimedAt: string;
}

export const CLAIM_NAME = /^\.([0-9a-f]+)\.claim$/;
const claimPath = (dir: string, key: string): string => join(dir, `.${key}.claim`);

/**
 * Takes the claim of a key; null where a living process has it. A void one is taken over, with what its process left.
 * @throws UserError `ERR_WRITE` where the disk refuses
 */
export function takeClaim(dir: string, key: string): Claim | null {
  const path = claimPath(dir, key);
  for (let tries = 0; tries < 5; tries++) {
    const claim = createClaim(path);
    if (claim) return claim;
    const held = readClaim(path);
    if (held === 'absent') continue;
    if (!held.void) return null;
    if (removeVoid(path, held.token)) removeLeftovers(dir, key);
  }
  return null;
}

/** Says that the claim's work goes on. */
export function refreshClaim({ path }: Claim): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Taken over after a long sleep: the other process computes the same bytes.
  }
}

/** Gives the claim up; one that another process took over stays. */
export function releaseClaim({ path, token }: Claim): void {
  const held = readClaim(path);
  if (held !== 'absent' && held.token === token) rmSync(path, { force: true });
}

/** Whether a living process has the claim of a key. */
export function claimState(dir: string, key: string): 'absent' | 'void' | 'held' {
  const claim = readClaim(claimPath(dir, key));
  return claim === 'absent' ? claim : claim.void ? 'void' : 'held';
}

/**
 * Void: its process is dead, or it was not refreshed for too long.
 * @param clock what time it is for the files of a folder, ms; for tests
 */
export function readClaim(
  path: string,
  clock: (folder: string) => number = fileClock,
): { void: boolean; token: string; pid: number | null } | 'absent' {
  try {
    const age = ageOf(path, clock);
    const text = readFileSync(path, 'utf8');
    const content = parseClaim(text);
    if (!content) return { void: age > EMPTY_LIMIT_MS, token: text, pid: null };
    const dead = content.host === hostIdentity() && !isAlive(content);
    return { void: dead || age > CLAIM_LIMIT_MS, token: content.token, pid: content.pid };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
}

/**
 * Milliseconds since a claim was last refreshed. Its holder's clock writes the time of modification; where that lies in
 * our future, the two clocks differ, and the time of change counts, which the file system's own clock writes. One that
 * lies in that clock's future, too, is from before the clock was set back: nobody refreshes it.
 * Why not simply void: docs/decisions/2026-11-30-damage-in-evaluations.md.
 */
function ageOf(path: string, clock: (folder: string) => number): number {
  const { mtimeMs, ctimeMs } = statSync(path);
  const age = Date.now() - mtimeMs;
  if (age >= -CLOCK_TOLERANCE_MS) return age;
  const unchanged = clock(dirname(path)) - ctimeMs;
  return unchanged >= -CLOCK_TOLERANCE_MS ? unchanged : Number.POSITIVE_INFINITY;
}

/** The time that the folder's file system gives a file that is made now, ms; ours where none can be made. */
function fileClock(folder: string): number {
  const path = join(folder, `.clock.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    closeSync(openSync(path, 'wx', 0o644));
    return statSync(path).ctimeMs;
  } catch {
    return Date.now();
  } finally {
    rmSync(path, { force: true });
  }
}

function parseClaim(text: string): ClaimContent | null {
  try {
    const content = JSON.parse(text) as ClaimContent;
    return typeof content.token === 'string' && Number.isInteger(content.pid) ? content : null;
  } catch {
    return null;
  }
}

function createClaim(path: string): Claim | null {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o644);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw refused(path, cause);
  }
  const token = randomBytes(8).toString('hex');
  const content: ClaimContent = { token, ...ownIdentity(), claimedAt: new Date().toISOString() };
  try {
    writeWhole(fd, JSON.stringify(content));
    return { path, token };
  } catch (cause) {
    rmSync(path, { force: true });
    throw refused(path, cause);
  } finally {
    closeSync(fd);
  }
}

/**
 * Removes a claim that was judged void, if it is still that one. Of processes that judged alike only the one that makes
 * the marker removes, and it looks again first: the slower one would else remove the claim that the faster one has made.
 * @returns whether the way is free; false where another process removes it now or has taken it over
 */
export function removeVoid(path: string, token: string): boolean {
  const marker = `${path}.removal.tmp`;
  try {
    closeSync(openSync(marker, 'wx', 0o644));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw refused(marker, cause);
    // Held for microseconds: one that stays is of a process that was killed there. The next try makes it anew.
    const age = Date.now() - (statSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > EMPTY_LIMIT_MS) rmSync(marker, { force: true });
    return false;
  }
  try {
    const held = readClaim(path);
    // Absent: nothing may be removed, for whoever removed it may be making a new one right now.
    if (held === 'absent') return true;
    if (held.token !== token) return false;
    rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(marker, { force: true });
  }
}

/** Half-written files of the key: only a dead process can have left them, for the claim was its. */
function removeLeftovers(dir: string, key: string): void {
  for (const name of readdirSync(dir))
    if (name.startsWith(`.${key}.safetensors.`) && name.endsWith('.tmp')) {
      const pid = Number(/\.(\d+)-[0-9a-f]+\.tmp$/.exec(name)?.[1]);
      if (!isAlive({ pid, started: '' })) rmSync(join(dir, name), { force: true });
    }
}

function refused(path: string, cause: unknown): UserError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new UserError(
    `Could not write ${path}: ${code === 'ENOSPC' ? 'the disk is full' : message}. Free space on that disk or choose another folder, then run the command again; what was there is untouched.`,
    { code: 'ERR_WRITE', cause },
  );
}
