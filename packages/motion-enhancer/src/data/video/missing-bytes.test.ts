import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { missingBytes } from './missing-bytes.js';

const scratch = mkdtempSync(join(tmpdir(), 'missing-bytes-'));
after(() => rmSync(scratch, { recursive: true }));

async function shortfall(bytes: Buffer, container: string): Promise<number> {
  const path = join(scratch, 'file');
  writeFileSync(path, bytes);
  return missingBytes(path, container);
}

const box = (type: string, content: number) => {
  const bytes = Buffer.alloc(8 + content, 1);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.write(type, 4, 'latin1');
  return bytes;
};
const largeBox = (type: string, content: number) => {
  const bytes = Buffer.alloc(16 + content, 1);
  bytes.writeUInt32BE(1, 0);
  bytes.write(type, 4, 'latin1');
  bytes.writeBigUInt64BE(BigInt(bytes.length), 8);
  return bytes;
};
const avi = (content: number) => {
  const bytes = Buffer.alloc(8 + content, 1);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(content, 4);
  return bytes;
};
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const EBML_HEAD = hex('1a45dfa3 82 0000');

describe('missingBytes', () => {
  const mp4 = Buffer.concat([box('ftyp', 16), box('free', 0), largeBox('mdat', 100), box('moov', 40)]);
  const sized = Buffer.concat([EBML_HEAD, hex('18538067 8a'), Buffer.alloc(10, 1)]);
  // Segment and Cluster of open size, a time stamp, two blocks: what a live recorder writes.
  const live = Buffer.concat([
    EBML_HEAD,
    hex('18538067 ff 1f43b675 01ffffffffffffff e7 81 00 a3 84 01020304 a3 83 010203'),
  ]);
  const whole: [string, Buffer, string][] = [
    ['MP4', mp4, 'mov,mp4,m4a,3gp,3g2,mj2'],
    ['Matroska', sized, 'matroska,webm'],
    ['Matroska of open size', live, 'matroska,webm'],
    ['AVI', Buffer.concat([avi(20), avi(8)]), 'avi'],
  ];
  for (const [name, bytes, container] of whole) {
    it(`is 0 for a whole ${name}, and counts what was cut from its last element`, async () => {
      assert.equal(await shortfall(bytes, container), 0);
      for (const cut of [1, 2]) assert.equal(await shortfall(bytes.subarray(0, bytes.length - cut), container), cut);
    });
  }

  it('sees a cut in the head of an element', async () => {
    assert.ok((await shortfall(live.subarray(0, live.length - 4), 'matroska,webm')) > 0);
    assert.ok((await shortfall(mp4.subarray(0, 16 + 8 + 8 + 12), 'mov,mp4,m4a,3gp,3g2,mj2')) > 0);
  });

  it('claims nothing of other containers, of open sizes, or of bytes behind the last element', async () => {
    assert.equal(await shortfall(Buffer.alloc(100, 0x47), 'mpegts'), 0);
    assert.equal(await shortfall(Buffer.concat([mp4, hex('00000000 6d646174 0102')]), 'mov,mp4'), 0);
    assert.equal(await shortfall(Buffer.concat([mp4, Buffer.alloc(5)]), 'mov,mp4'), 0);
    assert.equal(await shortfall(Buffer.concat([avi(20), Buffer.from('junkjunkjunk')]), 'avi'), 0);
  });
});
