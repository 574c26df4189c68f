import { UserError } from '@motion-enhancer/support';
import { attempt } from './attempt.js';
import { compareExact } from './compare.js';
import type { Check } from './part.js';

/** Cases of a golden file that share one line of the report. */
export interface CaseComparison<C, T extends number | string> {
  name: string;
  /** Absent where the file leaves this kind of case out: then there is no line. */
  cases: readonly C[] | undefined;
  /** Cases that say nothing about this line. */
  skip?(one: C): boolean;
  ours(one: C): readonly T[];
  reference(one: C): readonly T[];
  /** Equality by default. */
  compare?(name: string, ours: readonly T[], reference: readonly T[]): Check;
}

/**
 * Compares all cases in one line, which names the first that differs. A case that cannot be read has a failed line of its
 * own, named by its `name` or its place in the file, and the others are compared without it.
 */
export function compareCases<C, T extends number | string>(
  { name, cases = [], skip, ours, reference, compare = compareExact }: CaseComparison<C, T>,
  report: (check: Check) => void,
): void {
  const read: { label: string; ours: readonly T[]; reference: readonly T[] }[] = [];
  for (const [i, one] of cases.entries()) {
    const label = caseName(one, i);
    attempt(`${name}/${label}`, report, () => {
      if (typeof one !== 'object' || one === null)
        throw new UserError(`Expected an object for the case but received ${JSON.stringify(one)}.`, {
          code: 'ERR_PARITY',
        });
      if (skip?.(one)) return;
      read.push({ label, ours: [...ours(one)], reference: [...reference(one)] });
    });
  }
  if (read.length === 0) return;
  const check = compare(
    name,
    read.flatMap((one) => one.ours),
    read.flatMap((one) => one.reference),
  );
  const wrong = check.ok ? undefined : read.find((one) => !compare(name, one.ours, one.reference).ok);
  report(wrong ? { ...check, note: [check.note, `in ${wrong.label}`].filter(Boolean).join(', ') } : check);
}

function caseName(one: unknown, place: number): string {
  const name = (one as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? name : `case ${place}`;
}
