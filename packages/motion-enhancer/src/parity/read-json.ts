import { readFileSync } from 'node:fs';
import { UserError } from '@motion-enhancer/support';

/** A JSON file of a reference folder. @throws UserError naming the file */
export function readJson(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new UserError(`${path} could not be read as JSON: ${(cause as Error).message}.`, {
      code: 'ERR_PARITY',
      cause,
    });
  }
}
