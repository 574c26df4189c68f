import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';

/** Writes all of `bytes`; a single system call may write less. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(fd, bytes, done, bytes.byteLength - done);
}

/**
 * Writes a file so that `path` holds either its old content or all of the new one, also after a crash:
 * beside it, fsync, rename, fsync of the folder. After a failure the temporary file is gone and `path` is as before.
 * @param neededBytes size of the new file, for the error message
 * @throws UserError `ERR_WRITE` naming the path, needed and free bytes and the remedy
 */
export function writeFileAtomically(path: string, neededBytes: number, write: (fd: number) => void): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  let fd: number | undefined;
  try {
    fd = openSync(temporary, 'wx', 0o644);
    write(fd);
    fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, path);
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    rmSync(temporary, { force: true });
    throw writeError(path, neededBytes, cause);
  }
  syncFolder(folder);
}

/** Makes renames in a folder durable. Some network file systems refuse it; the data itself is safe by then. */
function syncFolder(folder: string): void {
  let fd: number | undefined;
  try {
    fd = openSync(folder, 'r');
    fsyncSync(fd);
  } catch {
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const REMEDIES: Record<string, string> = {
  ENOSPC: 'Free space on that disk or choose another folder, then run the command again.',
  EDQUOT: 'Your quota is used up: free space or choose another folder, then run the command again.',
  EACCES: 'Choose a folder that you may write to.',
  EPERM: 'Choose a folder that you may write to.',
  EROFS: 'The file system is read-only: choose another folder.',
  ENOENT: 'Create the folder first.',
  EISDIR: 'A folder of that name is in the way: choose another name.',
};

function writeError(path: string, neededBytes: number, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  // Failures that are not the disk's (a freed tensor, a CUDA error) keep their own type.
  if (!(cause instanceof Error) || typeof (cause as NodeJS.ErrnoException).syscall !== 'string') return cause;
  const remedy = REMEDIES[code ?? ''] ?? 'Check the disk, then run the command again.';
  return new UserError(
    `Could not write ${path}: ${code === 'ENOSPC' ? 'the disk is full' : cause.message.split('\n')[0]}. ` +
      `It needs ${neededBytes} bytes${freeBytes(dirname(path))}. What was there before is untouched. ${remedy}`,
    { code: 'ERR_WRITE', cause },
  );
}

function freeBytes(folder: string): string {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return `; ${bavail * bsize} bytes are free`;
  } catch {
    return '';
  }
}
