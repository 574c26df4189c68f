import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { fingerprintOf, fingerprintVersion } from './fingerprint.js';

const dir = join(temporaryFolder(), 'vlm');
mkdirSync(dir);
const MIB = 1 << 20;
// Three tensors of 2, 20 and 2 MiB.
const ENDS = [2, 22, 24].map((end) => end * MIB);
const header = JSON.stringify(
  Object.fromEntries(
    ENDS.map((end, i) => [
      `t${i}`,
      { dtype: 'U8', shape: [end - (ENDS[i - 1] ?? 0)], data_offsets: [ENDS[i - 1] ?? 0, end] },
    ]),
  ),
);
const head = Buffer.alloc(8);
head.writeBigUInt64LE(BigInt(header.length));
const file = join(dir, 'model.safetensors');
writeFileSync(file, Buffer.concat([head, Buffer.from(header), Buffer.alloc(24 * MIB, 7)]));
writeFileSync(join(dir, 'config.json'), '{}');

function withChange<T>(at: number, run: () => T): T {
  const put = (value: number) => {
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.alloc(MIB, value), 0, MIB, 8 + header.length + at);
    closeSync(fd);
  };
  put(9);
  try {
    return run();
  } finally {
    put(7);
  }
}

test('a tensor that changed anywhere between the file’s ends changes the fingerprint', () => {
  const [first, second] = [fingerprintOf(dir, 1), fingerprintOf(dir)];
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.match(second, /^v2:[0-9a-f]{64}$/);
  assert.deepEqual([first, second].map(fingerprintVersion), [1, 2]);
  for (const at of [0, MIB, 2 * MIB, 10 * MIB, 21 * MIB, 22 * MIB, 23 * MIB])
    withChange(at, () => assert.notEqual(fingerprintOf(dir), second, `at ${at / MIB} MiB`));
  // What the first version misses.
  withChange(10 * MIB, () => assert.equal(fingerprintOf(dir, 1), first));
  assert.equal(fingerprintOf(dir), second);
  writeFileSync(join(dir, 'chat_template.jinja'), '{{ messages }}');
  assert.notEqual(fingerprintOf(dir), second);
});

test('runs of format 1 have the first version’s of their checkpoint; a file that is no safetensors file has one, too', () => {
  const run = JSON.parse(readFileSync(fixture('formats-1/eval-stopped/run.json'), 'utf8'));
  assert.equal(fingerprintOf(fixture('formats-1/vlm'), 1), run.settings.model);
  writeFileSync(file, 'no header, but a text');
  const before = fingerprintOf(dir);
  writeFileSync(file, 'no header, but a tent');
  assert.notEqual(fingerprintOf(dir), before);
});
