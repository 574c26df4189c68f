import assert from 'node:assert/strict';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { aten, backward, grad, linear, liveTensors, randn, scope, tensor, zeros } from './index.js';
import { leakFree } from './testing/leak-free.js';

const RANDOM = randomSource(freshSeed());

/** Runs `body` many times; the live count must be flat and the memory must not grow with the rounds. */
function flat(name: string, rounds: number, body: () => void): void {
  leakFree(name, () => {
    scope(() => {
      for (let i = 0; i < rounds / 4; i++) scope(body);
      const live = liveTensors();
      const rss = process.memoryUsage().rss;
      for (let i = 0; i < rounds; i++) scope(body);
      assert.equal(liveTensors(), live);
      const grown = process.memoryUsage().rss - rss;
      // Each round makes at least 100 kB: a leak would show as hundreds of megabytes.
      assert.ok(grown < 60e6, `${(grown / 1e6).toFixed(0)} MB more after ${rounds} rounds`);
    });
  });
}

const MATRIX = 200 * 200; // 160 kB

flat('arithmetic', 3000, () => {
  const a = zeros([MATRIX]).add(1).mul(2);
  aten.cat([a, a]).sum().item();
  a.toString();
});

flat('throws', 3000, () => {
  const a = zeros([MATRIX]);
  assert.throws(() => a.view(7));
  assert.throws(() => aten.cat([a, zeros([2, 2])]));
  assert.throws(() =>
    scope(() => {
      zeros([MATRIX]);
      throw new Error('x');
    }),
  );
});

flat('autograd graphs, finished, abandoned and of second order', 1000, () => {
  const w = randn([200, 200], { requiresGrad: true });
  const y = linear(w, w).tanh().sum();
  if (RANDOM.next() < 0.3) return;
  if (RANDOM.next() < 0.5) backward([y]);
  else grad([grad([y], [w], { createGraph: true })[0]!.square().sum()], [w]);
});

flat('values in and out', 2000, () => {
  const data = new Float32Array(MATRIX).fill(1);
  assert.equal((tensor(data).toTypedArray() as Float32Array)[3], 1);
});
