import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A file or folder inside a reference folder or beside it (as test/fixtures has goldens/ and tokenizers/); null where there is none. */
export function besideReference(root: string, path: string): string | null {
  return [join(root, path), join(root, '..', path)].find(existsSync) ?? null;
}
