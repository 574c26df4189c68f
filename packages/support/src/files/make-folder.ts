import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.js';

/**
 * Makes a folder for results, and those above it. One by one: Node's recursive `mkdirSync` never ends where a folder that
 * exists says that it does not, as those of /proc do.
 * @throws UserError ERR_WRITE where that is not possible
 */
export function makeFolder(dir: string): void {
  try {
    for (const path of absent(dir)) makeOne(path);
    // Nothing was absent: this says what is in the way.
    if (!isFolder(dir)) mkdirSync(dir);
  } catch (cause) {
    throw cannot(dir, cause);
  }
}

/** Asks whether `makeFolder` may succeed, and makes nothing. @throws UserError ERR_WRITE */
export function checkFolder(dir: string): void {
  try {
    const [highest] = absent(dir);
    const there = highest === undefined ? resolve(dir) : dirname(highest);
    if (!isFolder(there)) throw new Error(`${there} is no folder`);
    accessSync(there, constants.W_OK);
  } catch (cause) {
    throw cannot(dir, cause);
  }
}

/** Those of a folder and the folders above it that are not there, the highest first. */
function absent(dir: string): string[] {
  const paths: string[] = [];
  for (let path = resolve(dir); !existsSync(path); path = dirname(path)) paths.unshift(path);
  return paths;
}

/** Another process may have been faster. */
function makeOne(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(path)) throw error;
  }
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const cannot = (dir: string, cause: unknown) =>
  new UserError(`The folder ${dir} cannot be made: ${(cause as Error).message}. Choose another one.`, {
    code: 'ERR_WRITE',
    cause,
  });
