import { createHash } from 'node:crypto';

/** File systems take 255 bytes; endings and temporary names need some of them. */
const MAX_BYTES = 180;

/**
 * A sample's id as the name of one folder or file: ids of data sets hold slashes, and must not lead elsewhere. An id that
 * cannot stand as it is gets some digits of its hash, so that no two ids share a name.
 */
export function fileName(id: string): string {
  const plain = id.replace(/[\\/\p{Cc}]/gu, '_');
  const named = /^\.*$/.test(plain) ? `_${plain}` : plain;
  if (named === id && Buffer.byteLength(id) <= MAX_BYTES) return id;
  let cut = named;
  while (Buffer.byteLength(cut) > MAX_BYTES) cut = [...cut].slice(0, -8).join('');
  return `${cut}.${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}
