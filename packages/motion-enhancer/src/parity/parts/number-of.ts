import { UserError } from '@motion-enhancer/support';

/** A number of a golden file. @throws UserError for anything else: a case that cannot be read must not pass for a difference */
export function numberOf(value: unknown, field: string): number {
  if (typeof value === 'number') return value;
  throw new UserError(`Expected a number for ${field} but received ${JSON.stringify(value) ?? 'nothing'}.`, {
    code: 'ERR_PARITY',
  });
}
