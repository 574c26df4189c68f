import { UserError } from '@motion-enhancer/support';

/** A data file that cannot be used as a whole; code `ERR_DATA`. @param problem completes "The data file PATH …" */
export function dataError(path: string, problem: string, cause?: unknown): UserError {
  return new UserError(`The data file ${path} ${problem}`, { code: 'ERR_DATA', cause });
}
