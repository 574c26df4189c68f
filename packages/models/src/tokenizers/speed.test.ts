import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { internvl3Fixture, t5Fixture } from './test-fixtures.js';

const RANDOM = randomSource(freshSeed());

// Limits are several times what was measured, so that only a wrong order of growth fails. The time of the processor, not
// of the wall: a machine with other work on its cores is not a slow tokenizer.
const time = (work: () => void): number => {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

for (const [name, fixture] of [
  ['t5', t5Fixture],
  ['qwen2', internvl3Fixture],
] as const) {
  test(`${name}: 10 kB of prose and 100 kB of one letter, blank or bracket`, (t) => {
    const tokenizer = fixture();
    const prose = Array.from({ length: 1700 }, () => `w${RANDOM.next().toString(36).slice(2, 7)}`)
      .join(' ')
      .slice(0, 10_000);
    tokenizer.encode(prose.slice(0, 2000));
    const ms = Math.min(...[0, 1, 2].map(() => time(() => tokenizer.encode(prose))));
    t.diagnostic(`10 kB of random words: ${ms.toFixed(1)} ms`);
    assert.ok(ms < 50, `${ms} ms`);
    for (const char of ['a', ' ', '(', '你', '\u0301', 'e\u0301']) {
      const long = time(() => tokenizer.encode(char.repeat(100_000)));
      t.diagnostic(`100,000 × ${JSON.stringify(char)}: ${long.toFixed(0)} ms`);
      assert.ok(long < 3000, `${char}: ${long} ms`);
    }
  });
}
