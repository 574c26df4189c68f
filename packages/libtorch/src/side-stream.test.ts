import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, synchronize } from './devices.js';
import { randn } from './factories.js';
import { liveTensors, scope } from './scope.js';
import { onSideStream } from './side-stream.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';

test('on a CPU the body simply runs, errors included', () => {
  const { value, join } = onSideStream('cpu', () => 7);
  join();
  assert.equal(value, 7);
  assert.throws(
    () =>
      onSideStream('cpu', () => {
        throw new TypeError('x');
      }),
    TypeError,
  );
});

test('work on the side stream runs beside the default one and is waited for', { skip }, () => {
  const before = liveTensors();
  scope(() => {
    const device = 'cuda:0';
    const a = randn([4096, 4096], { device });
    const product = (n: number) => {
      let x = a;
      for (let i = 0; i < n; i++) x = x.matmul(a).mul(1 / 64);
      return x;
    };
    synchronize(device);
    const expected = product(3).sum().item();
    // The default stream is long; the side one is asked for its result before that ends.
    product(50);
    const { value, join } = onSideStream(device, () => product(3));
    join();
    assert.equal(value.sum().item(), expected);
    assert.throws(() =>
      onSideStream(device, () => {
        throw new TypeError('x');
      }),
    );
    assert.equal(product(3).sum().item(), expected, 'the default stream is current again');
    synchronize(device);
  });
  assert.equal(liveTensors(), before);
});
