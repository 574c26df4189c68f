import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cuda, type DType, liveTensors } from '@motion-enhancer/libtorch';
import type { Check, ParityPart } from '../part.js';
import { cogVideoX2bPart, cogVideoX10Part, cogVideoX15Part } from './cogvideox.js';
import { schedulePart } from './schedule.js';
import { t5Part } from './t5.js';
import { vaePart } from './vae.js';

const REFERENCE = new URL('../../../../../test/fixtures/reference/', import.meta.url).pathname;
const PARTS: [ParityPart, checks: number][] = [
  [cogVideoX15Part, 4],
  [cogVideoX10Part, 4],
  [cogVideoX2bPart, 2],
  [vaePart, 9],
  [t5Part, 1],
  [schedulePart, 8 * 4 + 4],
];

function checks(part: ParityPart, dir = REFERENCE, dtype: DType = 'float32', device = 'cpu'): Check[] {
  const before = liveTensors();
  const found: Check[] = [];
  part.run(dir, { device, dtype, report: (check) => found.push(check) });
  assert.equal(liveTensors(), before);
  return found;
}

for (const device of cuda().count > 0 ? ['cpu', 'cuda:0'] : ['cpu'])
  for (const dtype of ['float32', 'float64', 'bfloat16'] as const)
    for (const [part, count] of PARTS)
      test(`${part.name} at parity: ${device} ${dtype}`, () => {
        const found = checks(part, REFERENCE, dtype, device);
        assert.equal(found.length, count);
        assert.deepEqual(
          found.filter((check) => !check.ok),
          [],
        );
      });

test('changed weights and changed numbers of the schedule are noticed', () => {
  const root = mkdtempSync(join(tmpdir(), 'me-'));
  try {
    cpSync(join(REFERENCE, 't5'), join(root, 't5'), { recursive: true });
    const weights = join(root, 't5/text_encoder/model.safetensors');
    const bytes = readFileSync(weights);
    const data = 8 + Number(bytes.readBigUInt64LE(0));
    for (let at = data; at < data + 4096; at += 4) bytes.writeFloatLE(0.5, at);
    writeFileSync(weights, bytes);
    assert.ok(checks(t5Part, root).some((check) => !check.ok));

    const schedule = JSON.parse(readFileSync(join(REFERENCE, 'schedule.json'), 'utf8'));
    schedule.snr1_steps5.forward[2][3] += 1e-6;
    schedule.snr1_steps2.timesteps[0] = 998;
    writeFileSync(join(root, 'schedule.json'), JSON.stringify(schedule));
    const failed = checks(schedulePart, root).filter((check) => !check.ok);
    assert.deepEqual(
      failed.map((check) => check.name),
      ['schedule/snr1_steps2/timesteps', 'schedule/snr1_steps5/forward'],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});
