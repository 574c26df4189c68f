import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { makeFolder } from './make-folder.js';
import { writeText } from './write-text.js';

const MARK = '.made-by-motion-enhancer';

/**
 * Makes a folder whose contents may be replaced later, and marks it as ours. One that holds files and has no such mark is
 * somebody's own: nothing in it is touched.
 * @param what the folder is for, as its mark says
 * @throws UserError ERR_WRITE for a foreign folder
 */
export function ownFolder(dir: string, what: string): void {
  makeFolder(dir);
  if (existsSync(join(dir, MARK))) return;
  const [other] = readdirSync(dir);
  if (other !== undefined)
    throw new UserError(
      `The folder ${dir} holds files that this command did not make (${other}), and it would replace some. Give a new folder, or an empty one.`,
      { code: 'ERR_WRITE' },
    );
  writeText(join(dir, MARK), `${what}: what lies here may be replaced by the next run.\n`);
}

/** Empties and marks such a folder. @throws UserError ERR_WRITE for a foreign one */
export function emptyOwnFolder(dir: string, what: string): void {
  ownFolder(dir, what);
  for (const name of readdirSync(dir)) if (name !== MARK) rmSync(join(dir, name), { recursive: true, force: true });
}
