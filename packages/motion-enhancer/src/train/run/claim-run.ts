import { join } from 'node:path';
import { type Claim, claimState, readClaim, removeLeftovers, takeClaim, UserError } from '@motion-enhancer/support';
import { tidyStates } from '../state/states.js';

const KEY = 'run';

/** @throws UserError ERR_RUN where a process trains in this folder */
export function refuseClaimed(out: string): void {
  if (claimState(out, KEY) === 'held') throw taken(out);
}

/**
 * The right to train in a folder; what a killed run left half-written is removed. Give it back with `releaseClaim`.
 * @throws UserError ERR_RUN where another process has it; ERR_WRITE
 */
export function claimRun(out: string): Claim {
  const claim = takeClaim(out, KEY);
  if (!claim) throw taken(out);
  removeLeftovers(out);
  tidyStates(out);
  return claim;
}

function taken(out: string): UserError {
  const held = readClaim(join(out, `.${KEY}.claim`));
  const who = held === 'absent' || held.pid === null ? 'Another process' : `Process ${held.pid}`;
  return new UserError(`${who} trains in ${out} now. Wait for its end, or give another --out.`, { code: 'ERR_RUN' });
}
