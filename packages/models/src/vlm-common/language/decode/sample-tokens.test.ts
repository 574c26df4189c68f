import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arange, liveTensors, scope, tensor } from '@motion-enhancer/libtorch';
import { sampleTokens } from './sample-tokens.js';

const LOGITS = [0.5, 2, -3, 1, -1];
const softmax = (values: number[]) => {
  const e = values.map(Math.exp);
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
};

/** Share of each token over evenly spread draws: exact to 1/4000 and the rounding of float32. */
function shares(o: { temperature: number; topK?: number; topP?: number }): number[] {
  const counts = new Array<number>(LOGITS.length).fill(0);
  scope(() => {
    const draws = arange(0, 4000, 1, { dtype: 'float32' }).add(0.5).div(4000);
    // One row a draw.
    const ids = sampleTokens(tensor([LOGITS]).expand(4000, LOGITS.length), o, draws.unsqueeze(1));
    for (const id of ids.toArray()) counts[Number(id)]!++;
  });
  return counts.map((n) => n / 4000);
}
function assertNear(got: number[], wanted: number[]): void {
  for (const [i, share] of got.entries()) assert.ok(Math.abs(share - wanted[i]!) < 1e-3, `${got} instead of ${wanted}`);
}

test('tokens come as often as softmax(logits / temperature) says, cut to top-k and top-p', () => {
  const before = liveTensors();
  const among = (keep: number[], values = LOGITS) => {
    const p = softmax(keep.map((i) => values[i]!));
    return values.map((_, i) => (keep.includes(i) ? p[keep.indexOf(i)]! : 0));
  };
  assertNear(shares({ temperature: 1 }), softmax(LOGITS));
  assertNear(shares({ temperature: 2 }), softmax(LOGITS.map((v) => v / 2)));
  assertNear(shares({ temperature: 1, topK: 2 }), among([1, 3]));
  // The shares are 0.60, 0.22, 0.13, …: 0.7 is reached with the second token, 0.5 with the first.
  assertNear(shares({ temperature: 1, topP: 0.7 }), among([1, 3]));
  assertNear(shares({ temperature: 1, topP: 0.5 }), among([1]));
  assertNear(shares({ temperature: 1, topK: 3, topP: 0.9 }), among([1, 3, 0]));
  assert.equal(liveTensors(), before);
});
