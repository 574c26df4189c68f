import assert from 'node:assert/strict';
import {
  aten,
  atenAsync,
  empty,
  keep,
  LibtorchError,
  OutOfMemoryError,
  operator,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from './index.js';
import { leakFree } from './testing/leak-free.js';

leakFree('overloads are chosen by the arguments, named ones included', () => {
  scope(() => {
    const x = tensor([1, 2, 3]);
    assert.deepEqual(aten.add(x, 1).toArray(), [2, 3, 4]);
    assert.deepEqual(aten.add(x, x, { alpha: 2 }).toArray(), [3, 6, 9]);
    assert.deepEqual(aten['add.Scalar'](x, 1).toArray(), [2, 3, 4]);
    assert.deepEqual(aten.clamp(x, { min: 2 }).toArray(), [2, 2, 3]);
    assert.deepEqual(aten.clamp(x, { max: tensor([5, 1, 2]) }).toArray(), [1, 1, 2]);
    assert.deepEqual(
      aten.split(x, 2).map((t) => t.toArray()),
      [[1, 2], [3]],
    );
    assert.deepEqual(
      aten.split(x, [1, 2]).map((t) => t.toArray()),
      [[1], [2, 3]],
    );
    assert.ok(Math.abs(aten.std(x, { correction: 0 }).item() - Math.sqrt(2 / 3)) < 1e-6);
    assert.deepEqual(aten.pow(2, x).toArray(), [2, 4, 8]);
    assert.deepEqual(aten.pow(x, 2).toArray(), [1, 4, 9]);
    assert.equal(aten.to(x, 'int64').dtype, 'int64');
    const [values, indices] = aten.max(
      tensor([
        [1, 5],
        [7, 2],
      ]),
      1,
    );
    assert.deepEqual(
      [values.toArray(), indices.toArray()],
      [
        [5, 7],
        [1, 0],
      ],
    );
    assert.deepEqual(aten.avg_pool2d(zeros([1, 1, 4, 4]), 2).shape, [1, 1, 2, 2]);
    assert.equal(aten.equal(x, x), true);
    assert.ok('add' in aten && !('no_such_thing' in aten));
  });
});

leakFree('in-place and out= forms return the tensors that they wrote', () => {
  scope(() => {
    const x = tensor([3, 1, 2]);
    assert.equal(aten.add_(x, 1), x);
    const out = empty([0]);
    assert.deepEqual(out.shape, [0]);
    assert.equal(aten['add.out'](x, x, out), out);
    assert.deepEqual([out.shape, out.toArray()], [[3], [8, 4, 6]]);
    const [values, indices] = [empty([0]), empty([0], { dtype: 'int64' })];
    const written = aten['sort.values'](x, values, indices) as unknown as Tensor[];
    assert.ok(written[0] === values && written[1] === indices);
    assert.deepEqual(
      [values.toArray(), indices.toArray()],
      [
        [2, 3, 4],
        [1, 2, 0],
      ],
    );
  });
});

/** The error that `body` throws. */
function errorOf(body: () => unknown): LibtorchError {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof LibtorchError, String(error));
    return error;
  }
  return assert.fail('no error');
}

leakFree('errors name the operator, shapes and dtypes, and the line that called', () => {
  scope(() => {
    const a = randn([2, 3]);
    const b = randn([4, 5]).to('bfloat16');
    const error = errorOf(function theCaller() {
      return a.matmul(b);
    });
    assert.equal(error.code, 'ERR_OPERATOR');
    assert.match(error.message, /^aten::matmul failed: /);
    assert.match(error.message, /self: float32 \[2, 3\] cpu/);
    assert.match(error.message, /other: bfloat16 \[4, 5\] cpu/);
    assert.doesNotMatch(error.message, /frame #|Exception raised/);
    assert.match(error.stack!, /theCaller .*operators\.test/s);
    const list = errorOf(() => aten.cat([a, tensor([[1]], { dtype: 'int64' })], { dim: 0 }));
    assert.match(list.message, /2 tensors: float32 \[2, 3\] cpu, int64 \[1, 1\] cpu/);
    assert.match(errorOf(() => aten.reshape(a, [7])).message, /aten::reshape failed: .*invalid for input of size 6/s);
  });
});

leakFree('unknown operators come with a suggestion, wrong arguments with the forms that there are', () => {
  scope(() => {
    const x = randn([2]);
    const unknown = errorOf(() => (aten as never as Record<string, (t: Tensor) => void>).sofmax!(x));
    assert.equal(unknown.code, 'ERR_UNKNOWN_OPERATOR');
    assert.match(unknown.message, /no operator aten::sofmax .*Did you mean aten::softmax\?/);
    assert.equal(errorOf(() => operator('none::such')).code, 'ERR_UNKNOWN_OPERATOR');
    assert.equal(errorOf(() => operator('aten::add.Nothing')).code, 'ERR_UNKNOWN_OPERATOR');
    const wrong = errorOf(() => aten.add(x, 'one' as never));
    assert.equal(wrong.code, 'ERR_ARGUMENT');
    assert.match(wrong.message, /No form of aten::add takes \(Tensor, string\).*\n.*aten::add\(self: Tensor, other: /);
    assert.equal(errorOf(() => aten.add(x, x, { alhpa: 2 } as never)).code, 'ERR_ARGUMENT');
    assert.match(
      errorOf(() => aten['add.Tensor'](x, x, { alhpa: 2 } as never)).message,
      /no argument named alhpa; it has self, other, alpha/,
    );
    assert.match(errorOf(() => x.view('x' as never)).message, /Argument size: Expected an integer/);
  });
});

leakFree('the use of a freed tensor is reported', () => {
  scope(() => {
    const x = randn([2]);
    const y = randn([2]);
    x.dispose();
    x.dispose();
    assert.equal(x.isDisposed, true);
    const error = errorOf(() => x.add(y));
    assert.equal(error.code, 'ERR_ARGUMENT');
    assert.match(error.message, /already freed/);
    assert.match(errorOf(() => aten.cat([y, x])).message, /already freed/);
    assert.match(errorOf(() => x.shape).message, /already freed/);
  });
});

leakFree('memory that there is not is a typed error', () => {
  scope(() => {
    const error = errorOf(() => empty([2 ** 50], { dtype: 'float64' }));
    assert.ok(error instanceof OutOfMemoryError);
    assert.equal(error.code, 'ERR_OUT_OF_MEMORY');
    assert.match(error.message, /aten::empty.* failed/);
    assert.equal(zeros([2]).sum().item(), 0);
  });
});

leakFree('the async form leaves the event loop free and rejects with typed errors', async () => {
  const [a, expected] = scope(() => {
    const a = randn([1200, 1200]);
    return [a, a.matmul(a)];
  });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const pending = Array.from({ length: 4 }, () => atenAsync.matmul(a, a));
  const results = await Promise.all(pending);
  clearInterval(timer);
  assert.ok(ticks >= 3, `${ticks} ticks`);
  for (const found of results) {
    assert.equal(scope(() => found.sub(expected).abs().max().item()) < 1e-2, true);
    found.dispose();
  }
  const short = keep(empty([3]));
  await assert.rejects(
    atenAsync.matmul(a, short),
    (error: unknown) =>
      error instanceof LibtorchError &&
      /aten::matmul failed/.test(error.message) &&
      /float32 \[1200, 1200\]/.test(error.message),
  );
  short.dispose();
  a.dispose();
  expected.dispose();
});
