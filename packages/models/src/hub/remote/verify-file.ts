import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { knownHash, rememberHash } from '@motion-enhancer/support';
import type { RemoteFile } from './remote-file.js';

/**
 * What is wrong with the bytes at `path`, or null; large files are read again only where path, size or time changed.
 * LFS files are named by their sha256, others as git names blobs: sha1 of `blob SIZE\0` and the content.
 */
export async function verifyKnown(path: string, file: RemoteFile): Promise<string | null> {
  if (file.etag.length !== 64) return verifyFile(path, file);
  const known = knownHash(path);
  if (known !== null) return known === file.etag ? null : `its sha256 is ${known}, not ${file.etag}`;
  const wrong = await verifyFile(path, file);
  if (wrong === null) rememberHash(path, file.etag);
  return wrong;
}

/**
 * The same, of the bytes as they are now. They are read back from the disk: that also finds what a crash or another
 * writer left behind.
 */
export async function verifyFile(path: string, file: RemoteFile): Promise<string | null> {
  const { size } = await stat(path);
  if (file.size !== null && size !== file.size) return `it has ${size} bytes, not ${file.size}`;
  const isLfs = file.etag.length === 64;
  const hash = createHash(isLfs ? 'sha256' : 'sha1');
  if (!isLfs) hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  return digest === file.etag ? null : `its ${isLfs ? 'sha256' : 'git hash'} is ${digest}, not ${file.etag}`;
}
