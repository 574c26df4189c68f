import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Generator, liveTensors, scope, tensor } from '@motion-enhancer/libtorch';
import { checkSampling, nextToken, type SamplingOptions } from './sampling.js';

const LOGITS = [2, 1, 0.5, -1, -3];

/** Shares of 4,000 draws. */
function shares(o: SamplingOptions): number[] {
  const counts = new Array<number>(LOGITS.length).fill(0);
  const generator = new Generator(Date.now());
  scope(() => {
    const logits = tensor(LOGITS);
    for (let i = 0; i < 4000; i++) {
      const id = nextToken(logits, [], o, generator);
      counts[id]!++;
    }
  });
  generator.dispose();
  return counts.map((n) => n / 4000);
}
function softmax(values: number[]): number[] {
  const e = values.map(Math.exp);
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}
function assertNear(got: number[], wanted: number[]): void {
  for (const [i, share] of got.entries()) {
    if (wanted[i] === 0) assert.equal(share, 0, `token ${i}`);
    else assert.ok(Math.abs(share - wanted[i]!) < 0.045, `${got} instead of ${wanted}`);
  }
}

test('draws follow softmax(logits / temperature), cut to top-k and top-p', () => {
  const before = liveTensors();
  assertNear(shares({ temperature: 1 }), softmax(LOGITS));
  assertNear(shares({ temperature: 2 }), softmax(LOGITS.map((v) => v / 2)));
  assertNear(shares({ temperature: 1, topK: 2 }), [...softmax(LOGITS.slice(0, 2)), 0, 0, 0]);
  // The shares are 0.60, 0.22, 0.13, …: 0.7 is reached with the second token, 0.5 with the first.
  assertNear(shares({ temperature: 1, topP: 0.7 }), [...softmax(LOGITS.slice(0, 2)), 0, 0, 0]);
  assertNear(shares({ temperature: 1, topP: 0.5 }), [1, 0, 0, 0, 0]);
  assert.equal(liveTensors(), before);
});

test('the penalty divides positive and multiplies negative logits of seen tokens, once each', () => {
  const before = liveTensors();
  scope(() => {
    const pick = (values: number[], seen: number[], repetitionPenalty: number) =>
      nextToken(tensor(values), seen, { repetitionPenalty }, null);
    assert.equal(pick([2, 1.6], [0, 0, 0], 1.2), 0);
    assert.equal(pick([2, 1.6], [0], 1.3), 1);
    assert.equal(pick([-1, -1.2], [0], 1.3), 1);
    assert.equal(pick([-1, -1.4], [0], 1.3), 0);
    assert.equal(pick([2, 1.6], [], 1.3), 0);
  });
  assert.equal(liveTensors(), before);
});

test('impossible options are reported', () => {
  for (const bad of [{ temperature: -1 }, { topP: 0 }, { topP: 1.5 }, { topK: 1.5 }, { repetitionPenalty: 0 }])
    assert.throws(() => checkSampling(bad), { code: 'ERR_VALUE' });
  checkSampling({ temperature: 0.01, topK: 1, topP: 0.001, repetitionPenalty: 1.05 });
});
