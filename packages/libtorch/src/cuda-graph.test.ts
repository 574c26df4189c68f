import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { recordCudaGraph } from './cuda-graph.js';
import { compileCudaKernel } from './cuda-kernel.js';
import { cuda } from './devices.js';
import { randn, zeros } from './factories.js';
import { linear } from './functional.js';
import { liveTensors, scope } from './scope.js';

const GPU = cuda().count > 0;
const skip = GPU ? false : 'no NVIDIA GPU on this machine';
const ADD = `extern "C" __global__ void add(float* x, float by) { x[threadIdx.x] += by; }`;

test('a graph does again what was recorded: operators, products and kernels of ours', { skip }, () => {
  const before = liveTensors();
  const kernel = compileCudaKernel(ADD, 'add');
  scope(() => {
    const total = zeros([8, 32], { device: 'cuda:0' });
    const count = zeros([1], { device: 'cuda:0' });
    const x = randn([8, 64], { device: 'cuda:0' });
    const w = randn([32, 64], { device: 'cuda:0' });
    const graph = recordCudaGraph(() => {
      total.add_(linear(x, w));
      kernel.launch([1], [1], 0, [count, { f32: 1 }]);
    });
    assert.equal(count.item(), 1); // the run before the recording, which itself does nothing
    for (let i = 0; i < 20; i++) {
      graph.launch();
      x.mul_(1); // other work between launches, in order with them
    }
    assert.equal(count.item(), 21);
    const wanted = linear(x, w).mul(21);
    assert.ok(total.sub(wanted).abs().max().item() < 1e-2);
    // New values in the same tensors are what the next launch sees.
    x.zero_();
    const same = total.clone();
    graph.launch();
    assert.ok(total.sub(same).abs().max().item() === 0);
    graph.dispose();
    assert.throws(() => graph.launch(), /disposed of/);
  });
  kernel.dispose();
  assert.equal(liveTensors(), before);
});

test('what fails while it is recorded leaves a device that works', { skip }, () => {
  const before = liveTensors();
  scope(() => {
    const x = zeros([4], { device: 'cuda:0' });
    let round = 0;
    const broken = () => {
      x.add_(1);
      if (++round === 2) throw new Error('on purpose');
    };
    assert.throws(() => recordCudaGraph(broken), /on purpose/);
    // Reading back waits for the stream, which a recording cannot do.
    assert.throws(() => recordCudaGraph(() => void (++round > 3 && x.sum().item())));
    assert.equal(x.add(1).sum().item(), 8);
    const graph = recordCudaGraph(() => void x.add_(1));
    graph.launch();
    assert.equal(x.sum().item(), 12);
    graph.dispose();
  });
  assert.equal(liveTensors(), before);
});

test('without a GPU a graph is a user mistake', { skip: GPU && 'this machine has a GPU' }, () => {
  assert.throws(() => recordCudaGraph(() => {}), UserError);
});
