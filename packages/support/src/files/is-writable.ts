import { accessSync, constants } from 'node:fs';

/** Whether this process may make files in a folder: not on a read-only mount, whoever it is. */
export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
