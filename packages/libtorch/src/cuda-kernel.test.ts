import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { CudaCompileError, compileCuda, compileCudaKernel } from './cuda-kernel.js';
import { cuda } from './devices.js';
import { LibtorchError } from './errors.js';
import { liveTensors, scope } from './scope.js';
import { tensor } from './transfer.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SCALE = `extern "C" __global__ void scale(const float* x, float* y, float factor, int n, long long shift, double add) {
  extern __shared__ float shared[];
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  shared[threadIdx.x] = i < n ? x[i] : 0;
  __syncthreads();
  if (i < n) y[i] = shared[threadIdx.x] * factor + (float)shift + (float)add;
}`;

test('a kernel compiled at run time gets tensors and numbers of every kind', { skip }, () => {
  const before = liveTensors();
  const random = `// ${Math.random()}\n`; // not in the cache of machine code the first time, in it the second
  for (let round = 0; round < 2; round++) {
    const kernel = compileCudaKernel(random + SCALE, 'scale');
    scope(() => {
      const x = tensor([1, 2, 3, 4, 5]).to('cuda:0');
      const y = x.mul(0);
      kernel.launch([3], [2], 64 * 1024, [x, y, { f32: 0.5 }, { i32: 5 }, { i64: 10n }, { f64: 0.25 }]);
      assert.deepEqual(y.toArray(), [10.75, 11.25, 11.75, 12.25, 12.75]);
      assert.throws(() => kernel.launch([1], [1], 0, [tensor([1])]), /Expected a tensor on cuda:0 for argument 0/);
      assert.throws(() => kernel.launch([1], [4096], 0, [x, y, { f32: 1 }]), /cuLaunchKernel failed/);
    });
    kernel.dispose();
    assert.throws(() => kernel.launch([1], [1], 0, []), /has been disposed of/);
  }
  assert.throws(() => compileCudaKernel(SCALE, 'absent'), /no kernel named absent/);
  assert.equal(liveTensors(), before);
});

test('source that does not compile is a typed error with the log of the compiler', { skip }, () => {
  assert.throws(
    () => compileCudaKernel('extern "C" __global__ void broken() { undeclared = 1; }', 'broken'),
    (error) => {
      assert.ok(error instanceof CudaCompileError && error instanceof LibtorchError);
      assert.equal(error.code, 'ERR_CUDA_COMPILE');
      assert.match(error.message, /The CUDA kernel broken does not compile:[\s\S]*undeclared/);
      return true;
    },
  );
});

test('without a GPU a kernel is a user mistake; without NVRTC compiling is a typed error', {
  skip: skip === false && 'this machine has a GPU',
}, () => {
  assert.throws(() => compileCudaKernel(SCALE, 'scale'), UserError);
  try {
    assert.ok(compileCuda(SCALE, 'scale', ['--gpu-architecture=sm_90']).byteLength > 0);
  } catch (error) {
    assert.ok(error instanceof LibtorchError && /NVRTC/.test(error.message), String(error));
  }
});
