import { type FileHandle, open } from 'node:fs/promises';

/** Type, start of the content and size of the content (null = not stated) of one element of a container. */
interface Element {
  type: string | number;
  content: number;
  size: number | null;
}

/** Reads the element that starts at `at`; `cut` when its head does not fit the file, null when it is none. */
type ElementReader = (head: Buffer, at: number) => Element | 'cut' | null;

const HEAD_BYTES = 16;
const EBML_SEGMENT = 0x18538067;
const EBML_CLUSTER = 0x1f43b675;

/**
 * Bytes by which a file falls short of what its outermost elements claim: 0 for a whole file, and for containers other
 * than Matroska, WebM, MP4, MOV and AVI. FFmpeg takes a Matroska file that was cut short for one that simply ends.
 * @param container FFmpeg's name of it
 */
export async function missingBytes(path: string, container: string): Promise<number> {
  const read = container.includes('matroska')
    ? readEbml
    : container.includes('mp4')
      ? readIsoBox
      : container === 'avi'
        ? readRiff
        : null;
  if (!read) return 0;
  const file = await open(path);
  try {
    return await walk(file, (await file.stat()).size, read);
  } finally {
    await file.close();
  }
}

async function walk(file: FileHandle, fileSize: number, read: ElementReader): Promise<number> {
  const buffer = Buffer.alloc(HEAD_BYTES);
  let at = 0;
  while (at < fileSize) {
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, at);
    const element = read(buffer.subarray(0, bytesRead), at);
    if (element === null) return 0;
    if (element === 'cut') return 1;
    const { type, content, size } = element;
    if (size !== null) {
      if (content + size > fileSize) return content + size - fileSize;
      at = content + size;
    } else if (type === EBML_SEGMENT || type === EBML_CLUSTER) {
      // Live recordings leave these sizes open: look at what lies within.
      at = content;
    } else return 0;
  }
  return 0;
}

/** Matroska and WebM: a number of 1 to 4 bytes for the type and one of 1 to 8 for the size, lengths by leading zeros. */
function readEbml(head: Buffer, at: number): Element | 'cut' | null {
  const typeBytes = Math.clz32(head[0]!) - 24 + 1;
  if (typeBytes > 4) return null;
  if (head.length <= typeBytes) return 'cut';
  const sizeBytes = Math.clz32(head[typeBytes]!) - 24 + 1;
  if (sizeBytes > 8) return null;
  if (head.length < typeBytes + sizeBytes) return 'cut';
  const type = head.readUIntBE(0, typeBytes);
  let size = BigInt(head[typeBytes]! & (0xff >> sizeBytes));
  for (let i = 1; i < sizeBytes; i++) size = (size << 8n) | BigInt(head[typeBytes + i]!);
  const open = size === (1n << BigInt(7 * sizeBytes)) - 1n;
  return { type, content: at + typeBytes + sizeBytes, size: open ? null : Number(size) };
}

/** MP4 and MOV: size with head (4 bytes), type (4), size (8) when the first says 1. */
function readIsoBox(head: Buffer, at: number): Element | 'cut' | null {
  if (head.length < 8) return null;
  const type = head.toString('latin1', 4, 8);
  const short = head.readUInt32BE(0);
  if (!/^[\w ©-]{4}$/.test(type) || (short > 1 && short < 8)) return null;
  if (short === 0) return { type, content: at + 8, size: null };
  if (short !== 1) return { type, content: at + 8, size: short - 8 };
  return head.length < 16 ? 'cut' : { type, content: at + 16, size: Number(head.readBigUInt64BE(8)) - 16 };
}

/** AVI: type (4 bytes), size of the content (4), padded to even. */
function readRiff(head: Buffer, at: number): Element | 'cut' | null {
  if (head.length < 8) return null;
  const type = head.toString('latin1', 0, 4);
  const size = head.readUInt32LE(4);
  if (type !== 'RIFF' || size === 0 || size === 0xffffffff) return null;
  return { type, content: at + 8, size: size + (size % 2) };
}
