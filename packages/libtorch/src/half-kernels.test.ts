import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { CompileOptions, CudaKernel } from './cuda-kernel.js';
import { LibtorchError } from './errors.js';
import { randn } from './factories.js';
import { halfKernels } from './half-kernels.js';
import { withPlainOperators } from './plain-operators.js';
import { liveTensors, scope } from './scope.js';

/** A GPU of a compute capability that notes what it is asked to compile. */
function fakeGpu(capability: number, fail?: Error, shared = 99 * 1024) {
  const asked: [source: string, name: string, options: CompileOptions][] = [];
  const compile = (source: string, name: string, options: CompileOptions = {}): CudaKernel => {
    asked.push([source, name, options]);
    if (fail) throw fail;
    return { handle: asked.length, launch: () => {}, dispose: () => {} };
  };
  return { asked, gpu: { capability: () => capability, sharedMemory: () => shared, compile } };
}

const BF16 = { device: 'cuda:3', dtype: 'bfloat16' };
const F16 = { device: 'cuda:3', dtype: 'float16' };

test('compiled once a device and type, with the options of each', () => {
  const { asked, gpu } = fakeGpu(90);
  const choose = halfKernels('these', (compile) => ({ a: compile('S', 'a'), b: compile('S', 'b') }), { gpu });
  const first = choose(BF16);
  assert.deepEqual([first?.a.handle, first?.b.handle], [1, 2]);
  assert.equal(choose({ ...BF16 }), first);
  assert.notEqual(choose(F16), first);
  assert.notEqual(choose({ ...BF16, device: 'cuda:0' }), first);
  assert.equal(choose({ ...BF16, device: 'cuda' })?.a.handle, 7);
  const options = [[3, '-DELEMENT_BF16'], [3], [0, '-DELEMENT_BF16'], [0, '-DELEMENT_BF16']];
  assert.deepEqual(
    asked.map(([source, name, o]) => [source, name, o.device, ...(o.options ?? [])]),
    options.flatMap((o) => ['a', 'b'].map((name) => ['S', name, ...o])),
  );
});

test('sizes may follow the shared memory of the device', () => {
  for (const bytes of [99 * 1024, 227 * 1024]) {
    const choose = halfKernels('these', (_, device) => device.sharedMemory(), {
      gpu: fakeGpu(90, undefined, bytes).gpu,
    });
    assert.equal(choose(BF16), bytes);
  }
});

test('plain operators serve off CUDA, for other types, on older GPUs and where they are asked for', () => {
  const { asked, gpu } = fakeGpu(75);
  const make = mock.fn((compile: (source: string, name: string) => CudaKernel) => compile('S', 'a'));
  const choose = halfKernels('these', make, { gpu });
  const before = liveTensors();
  scope(() => {
    assert.equal(choose(randn([2]).to('bfloat16')), null);
    assert.equal(choose(randn([2])), null);
  });
  assert.equal(liveTensors(), before);
  assert.equal(choose({ device: 'cuda:0', dtype: 'float32' }), null);
  assert.equal(choose(BF16), null, 'too old');
  assert.equal(make.mock.callCount(), 0);
  const any = halfKernels('these', make, { gpu, oldest: 0 });
  withPlainOperators(() => assert.equal(any(F16), null));
  assert.equal(asked.length, 0);
  assert.ok(any(F16), 'a choice of the moment, not for good');
  assert.equal(asked.length, 1);
});

test('kernels that cannot be had are reported once; other errors are not hidden', () => {
  const { asked, gpu } = fakeGpu(90, new LibtorchError('NVRTC was found nowhere.'));
  const choose = halfKernels('the fused kernels', (compile) => compile('S', 'a'), { gpu });
  const write = mock.method(process.stderr, 'write', () => true);
  try {
    assert.equal(choose(BF16), null);
    assert.equal(choose(BF16), null);
    const told = write.mock.calls.map(({ arguments: [text] }) => text);
    assert.deepEqual(told, ['Plain operators serve in place of the fused kernels: NVRTC was found nowhere.\n']);
  } finally {
    write.mock.restore();
  }
  assert.equal(asked.length, 1);
  const broken = halfKernels('these', (compile) => compile('S', 'a'), {
    gpu: fakeGpu(90, new TypeError('a slip')).gpu,
  });
  assert.throws(() => broken(BF16), TypeError);
});
