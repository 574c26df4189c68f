import { failedCheck } from './failed-check.js';
import type { Check } from './part.js';

/** Runs one check or case. What cannot be read or computed fails under its own name and hides no other. */
export function attempt(name: string, report: (check: Check) => void, body: () => void): void {
  try {
    body();
  } catch (error) {
    report(failedCheck(name, error));
  }
}
