import type { UserError } from '@motion-enhancer/support';
import { dataError } from './data-error.js';

/** What is said of a parquet file that cannot be decoded. */
export const notParquet = (path: string, problem: string, cause?: unknown): UserError =>
  dataError(path, `cannot be read as parquet: ${problem}. Fetch it again; its download may be incomplete.`, cause);
