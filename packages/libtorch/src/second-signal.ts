import { native } from './native.js';

/**
 * Of SIGINT, SIGTERM and SIGHUP that the process listens to by now, the first is heard as usual; the next one, from 0.3 s
 * later on, ends the process as if nobody listened, also while an operator computes and no JavaScript runs. Removing the
 * listeners restores the default.
 * @returns false where the binding is an older one: compile it again with `npm run setup`
 */
export function endOnSecondSignal(): boolean {
  native.endOnSecondSignal?.();
  return native.endOnSecondSignal !== undefined;
}
