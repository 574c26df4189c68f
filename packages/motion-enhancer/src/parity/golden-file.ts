import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@motion-enhancer/support';

/** A file or folder inside a reference folder or beside it (as test/fixtures has goldens/ and tokenizers/); null where there is none. */
export function besideReference(root: string, path: string): string | null {
  return [join(root, path), join(root, '..', path)].find(existsSync) ?? null;
}

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
