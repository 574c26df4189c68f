import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Which files and which bytes of them a fingerprint is made of; it stands before the hash (`v2:…`; the first has none). */
export type FingerprintVersion = 1 | 2;

export const fingerprintVersion = (fingerprint: string): FingerprintVersion => (fingerprint.startsWith('v2:') ? 2 : 1);

/**
 * sha256 over the config, the tokenizer's and the processor's files, and of the weight files sizes, headers, and blocks from
 * each tensor's start and end and, at most 8 MiB apart, from between: all bytes would take minutes. What changes a tensor as
 * training does changes such a block; a few changed bytes within a tensor may not.
 * @param version 1: as commit 1d09620 made them, from the first and the last MiB of each weight file
 */
export function fingerprintOf(dir: string, version: FingerprintVersion = 2): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(dir).sort()) {
    const path = join(dir, name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status?.isFile()) continue;
    if (SMALL[version].test(name)) hash.update(name).update(readFileSync(path));
    else if (name.endsWith('.safetensors')) {
      hash.update(`${name} ${status.size} `);
      const file = openSync(path, 'r');
      try {
        if (version === 1) hashEnds(hash, file, status.size);
        else hashTensors(hash, file, status.size);
      } finally {
        closeSync(file);
      }
    }
  }
  return version === 1 ? hash.digest('hex') : `v2:${hash.digest('hex')}`;
}

const SMALL = {
  1: /\.(?:json|txt)$|^RANDOM_WEIGHTS$/,
  2: /\.(?:json|txt|jinja|model)$|^RANDOM_WEIGHTS$/,
} as const;

const MIB = 1 << 20;
const BLOCK = 4096;
/** Blocks of a tensor at least, and bytes from one to the next at most. */
const BLOCKS = 16;
const STRIDE = 8 * MIB;
/** The limit of the reference implementation. */
const MAX_HEADER = 100_000_000;

function hashEnds(hash: Hash, file: number, size: number): void {
  for (const from of [0, Math.max(0, size - MIB)]) hashBlock(hash, file, from, Math.min(MIB, size));
}

/** The header whole, then blocks of every tensor; of a file that is no sound safetensors file its ends. */
function hashTensors(hash: Hash, file: number, size: number): void {
  const length = Number(read(file, 0, 8).readBigUInt64LE());
  const tensors = length > MAX_HEADER || 8 + length > size ? null : tensorsOf(read(file, 8, length));
  if (!tensors) {
    hashEnds(hash, file, size);
    return;
  }
  hash.update(read(file, 8, length));
  for (const { begin, end } of tensors) {
    const at = 8 + length + begin;
    const stride = Math.max(BLOCK, Math.min(STRIDE, Math.floor((end - begin) / BLOCKS)));
    for (let from = 0; from < end - begin; from += stride)
      hashBlock(hash, file, at + from, Math.min(BLOCK, end - begin - from));
    const last = Math.max(0, end - begin - BLOCK);
    hashBlock(hash, file, at + last, end - begin - last);
  }
}

function tensorsOf(header: Buffer): { begin: number; end: number }[] | null {
  try {
    const { __metadata__: _, ...tensors } = JSON.parse(header.toString('utf8')) as Record<
      string,
      { data_offsets: [begin: number, end: number] }
    >;
    return Object.values(tensors)
      .map(({ data_offsets: [begin, end] }) => ({ begin, end }))
      .sort((a, b) => a.begin - b.begin);
  } catch {
    return null;
  }
}

function read(file: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, from);
  return bytes;
}

function hashBlock(hash: Hash, file: number, from: number, length: number): void {
  hash.update(read(file, from, length));
}
