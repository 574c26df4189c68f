import { statfsSync } from 'node:fs';
import { UserError } from '../errors.js';

const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 3 : 1)} GiB`;

/** Room beyond the tensors: headers, logs, tokenizer files. */
const MARGIN = 64 * 2 ** 20;

/**
 * Refuses before anything is written where the disk would be full in the middle.
 * @throws UserError ERR_WRITE with the needed and the free bytes
 */
export function checkDiskSpace(dir: string, bytes: number, what: string): void {
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize >= bytes + MARGIN) return;
  throw new UserError(
    `Expected ${gib(bytes + MARGIN)} of free space in ${dir} for ${what} but received ${gib(bavail * bsize)}. Free space there, choose another --out, or keep fewer states (--keep-states).`,
    { code: 'ERR_WRITE' },
  );
}
