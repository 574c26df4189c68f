import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { UserError } from '@motion-enhancer/support';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import type { Check } from './part.js';
import { PARTS } from './parts/index.js';
import { runParity } from './run.js';

const REFERENCE = fixture('reference');

async function run(dir: string, only: string[] = []) {
  const checks: Check[] = [];
  const skipped: [string, string][] = [];
  const result = await runParity(dir, {
    device: 'cpu',
    dtype: 'float32',
    only,
    onCheck: (check) => checks.push(check),
    onSkip: (part, missing) => skipped.push([part.name, missing]),
  });
  assert.equal(result.passed + result.failed, checks.length);
  assert.deepEqual(
    result.skipped,
    skipped.map(([name]) => name),
  );
  return { ...result, checks, skippedWith: skipped };
}

leakFree('every part is at parity with the reference tensors in this repository', async () => {
  const { passed, failed, skipped, checks } = await run(REFERENCE);
  assert.deepEqual(
    checks.filter((c) => !c.ok),
    [],
  );
  assert.equal(failed, 0);
  assert.deepEqual(skipped, []);
  assert.ok(passed >= 203, `${passed} checks`);
  const names = checks.map((c) => c.name);
  assert.equal(new Set(names).size, names.length, 'each check has a name of its own');
  for (const part of PARTS)
    assert.ok(
      names.some((name) => name.startsWith(`${part.name}/`)),
      part.name,
    );
});

/** A folder with the T5 part only. */
function t5Copy(): string {
  const dir = temporaryFolder();
  cpSync(join(REFERENCE, 't5'), join(dir, 't5'), { recursive: true });
  return dir;
}

leakFree('what a folder lacks is skipped by name', async () => {
  const { passed, failed, skippedWith } = await run(t5Copy());
  assert.deepEqual([passed, failed], [1, 0]);
  assert.deepEqual(
    skippedWith.map(([name]) => name),
    PARTS.map((p) => p.name).filter((name) => name !== 't5'),
  );
  assert.ok(skippedWith.some(([name, missing]) => name === 'vae' && missing.startsWith('vae/')));
});

leakFree('one changed number in a reference tensor fails its line, and only that', async () => {
  const dir = t5Copy();
  const path = join(dir, 't5/encode.safetensors');
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, start).toString()) as Record<string, { data_offsets: [number, number] }>;
  const at = start + header.hidden!.data_offsets[0] + 4 * 17;
  bytes.writeFloatLE(bytes.readFloatLE(at) + 2e-4, at);
  writeFileSync(path, bytes);
  const { passed, failed, checks } = await run(dir);
  assert.deepEqual([passed, failed], [0, 1]);
  assert.equal(checks[0]!.name, 't5/hidden');
  assert.ok(Math.abs(checks[0]!.maxAbs - 2e-4) < 2e-5);
});

leakFree('a part that breaks is a failure with its reason and does not hide the others', async () => {
  const dir = t5Copy();
  cpSync(join(REFERENCE, 'schedule.json'), join(dir, 'schedule.json'));
  writeFileSync(join(dir, 't5/encode.safetensors'), 'damaged');
  const { passed, failed, checks } = await run(dir);
  assert.equal(failed, 1);
  assert.ok(passed > 10);
  const [broken] = checks.filter((c) => !c.ok);
  assert.equal(broken!.name, 't5');
  assert.match(broken!.note!, /encode\.safetensors/);
});

/** A folder with the golden files alone, one changed, and a model that no part reads. */
function goldensCopy(name: string, change: (golden: any) => void): string {
  const dir = temporaryFolder();
  cpSync(fixture('goldens'), join(dir, 'goldens'), { recursive: true });
  cpSync(join(REFERENCE, 'schedule.json'), join(dir, 'schedule.json'));
  const path = join(dir, name);
  const golden = JSON.parse(readFileSync(path, 'utf8'));
  change(golden);
  writeFileSync(path, JSON.stringify(golden));
  return dir;
}

leakFree('one case that cannot be read fails alone, by name; the others are compared', async () => {
  const schedule = goldensCopy('schedule.json', (golden) => {
    golden.snr1_steps5 = null;
    golden.other = {};
    delete golden.snr1_steps2.inverse;
  });
  const { checks } = await run(schedule, ['schedule']);
  assert.deepEqual(
    checks.filter((c) => !c.ok).map((c) => c.name),
    ['schedule/snr1_steps5', 'schedule/other'],
  );
  assert.ok(checks.some((c) => c.name === 'schedule/snr3_steps10/forward' && c.ok));
  const answers = goldensCopy('goldens/answer_parsing.json', (golden) => {
    golden.favor_judge[1] = null;
    golden.motionbench_get_better_one[0].out += '?';
  });
  const judged = (await run(answers, ['answer_parsing'])).checks.filter((c) => !c.ok);
  assert.deepEqual(
    judged.map((c) => c.name),
    [
      'answer_parsing/motionbench_get_better_one',
      'answer_parsing/judge_since_2025_05_16/case 1',
      'answer_parsing/judge_before/case 1',
    ],
  );
  assert.match(judged[0]!.note!, /in case 0$/);
});

leakFree('what no part reads is listed once and is no failure', async () => {
  const dir = t5Copy();
  for (const folder of ['wan', 'goldens']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'goldens/of_another.json'), '{}');
  const { failed, unchecked } = await run(dir);
  assert.deepEqual([failed, unchecked], [0, ['goldens/of_another.json', 'wan']]);
  assert.deepEqual((await run(REFERENCE, ['t5'])).unchecked, []);
});

leakFree('only the named parts are run', async () => {
  const { checks, skipped } = await run(REFERENCE, ['t5']);
  assert.deepEqual(
    checks.map((c) => c.name),
    ['t5/hidden'],
  );
  assert.deepEqual(skipped, []);
});

test('folders without any part, absent folders', async () => {
  const empty = temporaryFolder();
  mkdirSync(join(empty, 'other'));
  for (const dir of [empty, join(empty, 'absent')])
    await assert.rejects(run(dir), (e) => e instanceof UserError && e.code === 'ERR_PARITY' && e.message.includes(dir));
});
