import { writeSync } from 'node:fs';

/** Writes all of a text; one system call where the disk takes it at once, so that appended lines stay whole. */
export function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
}
