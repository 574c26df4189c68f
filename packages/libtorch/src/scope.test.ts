import assert from 'node:assert/strict';
import {
  keep,
  liveBytes,
  liveTensors,
  randn,
  Scope,
  scope,
  scopeAsync,
  type Tensor,
  tensorsIn,
  zeros,
} from './index.js';
import { leakFree } from './testing/leak-free.js';

leakFree('what is returned survives, in arrays, objects, maps and sets; the rest is freed', () => {
  const before = liveTensors();
  scope(() => {
    const lost: Tensor[] = [];
    const kept = scope(() => {
      lost.push(zeros([1]), zeros([1]));
      const [a, b, c, d] = [zeros([1]), zeros([2]), zeros([3]), zeros([4])];
      const round: Record<string, unknown> = {
        a,
        list: [b, [c]],
        map: new Map([['d', d]]),
        n: 3,
        none: null,
        bytes: new Uint8Array(9),
      };
      round.self = round;
      return round;
    });
    assert.equal(tensorsIn(kept).size, 4);
    assert.equal(liveTensors() - before, 4);
    assert.ok(lost.every((t) => t.isDisposed));
    assert.equal(
      scope(() => 'text'),
      'text',
    );
    const one = scope(() => scope(() => scope(() => zeros([2]))));
    assert.deepEqual(one.toArray(), [0, 0]);
    const outer = zeros([1]);
    assert.equal(
      scope(() => outer),
      outer,
    );
    assert.equal(outer.isDisposed, false);
  });
  assert.equal(liveTensors(), before);
});

leakFree('a throw frees what was made and leaves the scope around as it was', () => {
  scope(() => {
    const outer = zeros([1]);
    const before = liveTensors();
    for (let i = 0; i < 10; i++) {
      assert.throws(
        () =>
          scope(() => {
            scope(() => {
              randn([3]);
              throw new RangeError('inside');
            });
          }),
        RangeError,
      );
      assert.throws(() => scope(() => zeros([2]).add(zeros([3]))));
    }
    assert.equal(liveTensors(), before);
    assert.deepEqual(outer.add(1).toArray(), [1]);
  });
});

leakFree('keep takes a tensor out of its scope, or into another', () => {
  const t = scope(() => ({ made: [keep(zeros([1])), zeros([1])] })).made;
  assert.deepEqual(
    t.map((x) => x.isDisposed),
    [false, false],
  );
  for (const x of t) x.dispose();
  const inside = scope(() => {
    const kept = keep(zeros([3]));
    keep(kept);
    return () => kept;
  })();
  assert.equal(inside.isDisposed, false);
  inside.dispose();
  const longer = new Scope();
  const held = scope(() => keep(zeros([1]), longer));
  assert.equal(held.isDisposed, false);
  longer.close();
  longer.close();
  assert.equal(held.isDisposed, true);
  assert.throws(() => longer.run(() => 1), /closed/);
});

leakFree('asynchronous work: each run belongs to its scope, whatever happens between', async () => {
  await assert.rejects(async () => scope(async () => 1) as unknown, /scopeAsync/);
  const lost: Tensor[] = [];
  const job = (n: number) =>
    scopeAsync(async (s) => {
      const a = s.run(() => zeros([n]));
      lost.push(a);
      await new Promise((resolve) => setTimeout(resolve, n));
      const b = s.run(() => a.add(n));
      await null;
      return s.run(() => b.sum());
    });
  const sums = await Promise.all([job(3), job(1), job(2)]);
  assert.deepEqual(
    sums.map((t) => t.item()),
    [9, 1, 4],
  );
  assert.ok(lost.every((t) => t.isDisposed));
  for (const t of sums) t.dispose();
  await assert.rejects(
    scopeAsync(async (s) => {
      lost.push(s.run(() => zeros([1])));
      await null;
      throw new Error('late');
    }),
    /late/,
  );
  assert.ok(lost.every((t) => t.isDisposed));
});

leakFree('a long scope does not grow with tensors freed by hand', () => {
  const long = new Scope();
  long.run(() => {
    for (let i = 0; i < 20_000; i++) zeros([1]).dispose();
    assert.ok(long.tensors.length < 5000);
  });
  long.close();
});

leakFree('live bytes count storages, not views', () => {
  scope(() => {
    const before = liveBytes('cpu');
    const a = zeros([1000], { dtype: 'float64' });
    a.view(10, 100).select(0, 1);
    assert.equal(liveBytes('cpu') - before, 8000);
  });
});
