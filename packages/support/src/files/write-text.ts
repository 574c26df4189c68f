import { writeFileAtomically, writeFully } from './write-file-atomically.js';

/** Writes a text file so that a reader sees the old or the new one, never a part. @throws UserError `ERR_WRITE` */
export function writeText(path: string, text: string): void {
  const bytes = new TextEncoder().encode(text);
  writeFileAtomically(path, bytes.byteLength, (fd) => writeFully(fd, bytes));
}

/** Writes a file of bytes in the same way. @throws UserError `ERR_WRITE` */
export function writeBytes(path: string, bytes: Uint8Array): void {
  writeFileAtomically(path, bytes.byteLength, (fd) => writeFully(fd, bytes));
}
