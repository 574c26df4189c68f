import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32c } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { EventFile } from './event-file.js';

test('CRC-32C: the check value and RFC 3720 B.4', () => {
  assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

type Field = [number: number, value: number | Buffer];

/** The fields of a protobuf message, by the wire format's rules alone. */
function fields(data: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = data[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return data.subarray(at - length, at);
  };
  while (at < data.length) {
    const key = varint();
    const number = key >>> 3;
    if ((key & 7) === 0) found.push([number, varint()]);
    else if ((key & 7) === 1) found.push([number, take(8).readDoubleLE()]);
    else if ((key & 7) === 5) found.push([number, take(4).readFloatLE()]);
    else found.push([number, take(varint())]);
  }
  return found;
}

function records(path: string): Buffer[] {
  const file = readFileSync(path);
  const found: Buffer[] = [];
  const unmask = (masked: number) => {
    const rotated = (masked - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    assert.equal(unmask(file.readUInt32LE(at + 8)), crc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    assert.equal(unmask(file.readUInt32LE(at + 12 + length)), crc32c(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

test('an event file says version, start and scalars, each record with its checksums', () => {
  const events = new EventFile(temporaryFolder(), 41, 1_700_000_000.5);
  const step = 40 + 2 ** 33; // more than 32 bits
  events.scalars(step, { 'loss/L_AR': 1.25, 'loss/L_MSE': null, 'speed/naïve': -3e-7 }, 1_700_000_001);
  assert.match(events.path, /events\.out\.tfevents\.1700000000\./);
  const [version, started, scalars] = records(events.path).map((data) => fields(data));
  assert.deepEqual(
    [version![0], version![1]],
    [
      [1, 1_700_000_000.5],
      [2, 0],
    ],
  );
  assert.equal(String(version![2]![1]), 'brain.Event:2');
  assert.deepEqual(started!.slice(0, 2), [
    [1, 1_700_000_000.5],
    [2, 41],
  ]);
  assert.deepEqual([started![2]![0], fields(started![2]![1] as Buffer)], [7, [[1, 1]]]);
  assert.deepEqual(scalars![1], [2, step]);
  const values = fields(scalars![2]![1] as Buffer).map(([, value]) => fields(value as Buffer));
  assert.deepEqual(
    values.map(([tag, value]) => [String(tag![1]), value![1]]),
    [
      ['loss/L_AR', 1.25],
      ['speed/naïve', Math.fround(-3e-7)],
    ],
  );
});
