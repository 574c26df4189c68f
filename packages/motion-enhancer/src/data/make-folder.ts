import { mkdirSync } from 'node:fs';
import { UserError } from '@motion-enhancer/libtorch';

/** Makes a folder for results. @throws UserError where that is not possible */
export function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (cause) {
    throw new UserError(`The folder ${dir} cannot be made: ${(cause as Error).message}. Choose another one.`, {
      code: 'ERR_WRITE',
      cause,
    });
  }
}
