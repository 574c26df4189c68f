import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { readImage } from '../image/index.js';
import { encodeAnimatedWebp } from './encode-webp.js';

const frame = (width: number, height: number, colour: readonly number[]) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!),
});

/** Chunks of a RIFF file by their names, in order. */
function chunks(bytes: Uint8Array): { name: string; data: Buffer }[] {
  const buffer = Buffer.from(bytes);
  const found: { name: string; data: Buffer }[] = [];
  for (let at = 12; at < buffer.length; ) {
    const length = buffer.readUInt32LE(at + 4);
    found.push({ name: buffer.toString('latin1', at, at + 4), data: buffer.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return found;
}

test('every frame is there for its time, and it plays for ever', async () => {
  const colours = [
    [250, 20, 20],
    [20, 250, 20],
    [20, 20, 250],
    [200, 200, 0],
  ];
  const bytes = await encodeAnimatedWebp(
    colours.map((colour) => frame(50, 30, colour)),
    120,
  );
  assert.equal(Buffer.from(bytes).toString('latin1', 8, 12), 'WEBP');
  const all = chunks(bytes);
  const animation = all.find(({ name }) => name === 'ANIM')!.data;
  assert.equal(animation.readUInt16LE(4), 0, 'loops without end');
  const frames = all.filter(({ name }) => name === 'ANMF');
  assert.equal(frames.length, colours.length);
  for (const { data } of frames.slice(0, -1)) assert.equal(data.readUIntLE(12, 3), 120);
});

test('its first picture is the first frame', async () => {
  const bytes = await encodeAnimatedWebp([frame(40, 24, [30, 160, 220])], 100, 95);
  const path = join(temporaryFolder(), 'a.webp');
  writeFileSync(path, bytes);
  const { width, height, data } = await readImage(path);
  assert.deepEqual([width, height], [40, 24]);
  for (const [i, value] of [30, 160, 220].entries()) assert.ok(Math.abs(data[i]! - value) < 12, `${i}: ${data[i]}`);
});

test('no frame, frames of two sizes', async () => {
  await assert.rejects(encodeAnimatedWebp([], 100), /at least one frame/);
  await assert.rejects(encodeAnimatedWebp([frame(4, 4, [0, 0, 0]), frame(5, 4, [0, 0, 0])], 100), /Expected 4 × 4/);
});
