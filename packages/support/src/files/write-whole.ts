import { writeSync } from 'node:fs';

/**
 * Writes all of a text; one system call where the disk takes it at once, so that appended lines stay whole.
 * @param at place in the file; by default where it stands
 */
export function writeWhole(fd: number, text: string, at: number | null = null): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at === null ? null : at + done);
}
