// TensorBoard's event files: TFRecords of Event messages. Sources of the formats: tensorflow core/lib/io/record_writer.cc
// (length, masked CRC of it, data, masked CRC of it) and tensorboard compat/proto/{event,summary}.proto (field numbers).
import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '@motion-enhancer/support';

/** Field `number` of wire type 0 (varint), 1 (8 bytes), 2 (length and bytes) or 5 (4 bytes). */
const key = (number: number, type: 0 | 1 | 2 | 5) => varint((number << 3) | type);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const bytes = (content: Buffer) => Buffer.concat([varint(content.length), content]);

/** Event: wall_time 1, step 2, file_version 3 | summary 5 | session_log 7 */
function event(wallTime: number, step: number, what: Buffer): Buffer {
  return Buffer.concat([key(1, 1), double(wallTime), key(2, 0), varint(step), what]);
}

/** Summary.value 1: tag 1, simple_value 2 */
function scalars(values: Readonly<Record<string, number>>): Buffer {
  const list = Object.entries(values).map(([tag, value]) => {
    const content = Buffer.concat([key(1, 2), bytes(Buffer.from(tag)), key(2, 5), float(value)]);
    return Buffer.concat([key(1, 2), bytes(content)]);
  });
  return Buffer.concat([key(5, 2), bytes(Buffer.concat(list))]);
}

/** Rotated and shifted, so that a checksum of data with checksums in it stays meaningful. */
function masked(data: Uint8Array): Buffer {
  const crc = crc32c(data);
  const out = Buffer.alloc(4);
  out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return out;
}

function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, masked(length), data, masked(data)]);
}

/** A file that TensorBoard shows: scalars by step. */
export class EventFile {
  readonly path: string;

  /** @param from the first step to come: what earlier files of the folder say from there on is void */
  constructor(dir: string, from: number, now = Date.now() / 1000) {
    this.path = join(dir, `events.out.tfevents.${Math.floor(now)}.${hostname()}.${process.pid}.${from}`);
    this.#append(event(now, 0, Buffer.concat([key(3, 2), bytes(Buffer.from('brain.Event:2'))])));
    // SessionLog.status 1 = START (1)
    this.#append(event(now, from, Buffer.concat([key(7, 2), bytes(Buffer.concat([key(1, 0), varint(1)]))])));
  }

  /** NaN is kept, absent values (null) are left out. */
  scalars(step: number, values: Readonly<Record<string, number | null>>, now = Date.now() / 1000): void {
    const present = Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null);
    this.#append(event(now, step, scalars(Object.fromEntries(present))));
  }

  #append(data: Buffer): void {
    appendFileSync(this.path, record(data));
  }
}
