import assert from 'node:assert/strict';
import {
  type BlockWeights,
  backward,
  Checkpoints,
  liveTensors,
  mapTensors,
  noGrad,
  randn,
  residentWeights,
  runBlock,
  scope,
  type Tensor,
  tensorsIn,
} from './index.js';
import { leakFree } from './testing/leak-free.js';

interface Layer {
  w: Tensor;
}
const body = (x: Tensor, { w }: Layer) => ({ h: x.matmul(w).tanh() });
const layer = (): Layer => ({ w: randn([4, 4], { dtype: 'float64' }).requiresGrad_() });
const run = (blocks: readonly BlockWeights<Layer>[], x: Tensor, checkpoints: Checkpoints | null) =>
  blocks.reduce((h, _, i) => runBlock(blocks, i, h, body, checkpoints).h, x);

leakFree('weights that stay are the very tensors, and cost none', () => {
  scope(() => {
    const own = layer();
    const x = randn([2, 4], { dtype: 'float64' });
    const weights = residentWeights(own);
    assert.equal(weights.resident, own);
    assert.equal(
      weights.during((w) => w),
      own,
    );
    const count = (work: () => unknown) => {
      const before = liveTensors();
      work();
      return liveTensors() - before;
    };
    assert.equal(
      count(() => runBlock([weights], 0, x, body, null)),
      count(() => body(x, own)),
    );
  });
});

leakFree('`afterBackward` is called when a block has its gradients, last block first, also where none arrived', () => {
  scope(() => {
    const told: [number, boolean][] = [];
    const layers = [layer(), layer(), layer()];
    const blocks = layers.map(
      (own, i): BlockWeights<Layer> => ({
        ...residentWeights(own),
        afterBackward: ({ w }) => void told.push([i, w.grad !== null]),
      }),
    );
    const x = randn([2, 4], { dtype: 'float64' }); // records nothing itself
    const checkpoints = new Checkpoints();
    const before = run(blocks.slice(0, 2), x, checkpoints);
    run(blocks.slice(2), before, checkpoints); // of no use to the loss
    checkpoints.backward(before.square().sum());
    checkpoints.close();
    assert.deepEqual(told, [
      [2, false],
      [1, true],
      [0, true],
    ]);
    const got = layers.slice(0, 2).map(({ w }) => w.grad!.flatten().toArray());
    for (const { w } of layers) w.grad = null;
    backward([
      run(layers.slice(0, 2).map(residentWeights<Layer>), x, null)
        .square()
        .sum(),
    ]);
    for (const [i, values] of got.entries()) assert.deepEqual(layers[i]!.w.grad!.flatten().toArray(), values);
    for (const { w } of layers) w.grad = null;
  });
});

leakFree('the next weights are fetched while a block runs, and those of the block before it on the way back', () => {
  scope(() => {
    const events: string[] = [];
    const blocks = [0, 1, 2].map((i): BlockWeights<Layer> => {
      const own = noGrad(() => randn([4, 4], { dtype: 'float64' }));
      return {
        resident: null,
        prefetch: () => void events.push(`fetch ${i}`),
        during: (use) => {
          events.push(`begin ${i}`);
          try {
            return use({ w: own });
          } finally {
            events.push(`end ${i}`);
          }
        },
      };
    });
    const x = randn([2, 4], { dtype: 'float64' }).requiresGrad_();
    const checkpoints = new Checkpoints();
    const h = run(blocks, x.mul(1), checkpoints);
    const forward = ['begin 0', 'fetch 1', 'end 0', 'begin 1', 'fetch 2', 'end 1', 'begin 2', 'end 2'];
    assert.deepEqual(events.splice(0), forward);
    checkpoints.backward(h.sum());
    const back = ['begin 2', 'fetch 1', 'end 2', 'begin 1', 'fetch 0', 'end 1', 'begin 0', 'end 0'];
    assert.deepEqual(events, back);
    assert.ok(x.grad);
    x.grad = null;
    checkpoints.close();
  });
});

leakFree('a structure with other tensors keeps its form', () => {
  scope(() => {
    const value = { a: randn([2]), list: [randn([1]), null, 3], scale: 0.5, deep: { b: randn([3]) } };
    const other = mapTensors(value, (t) => t.mul(2));
    assert.deepEqual(Object.keys(other), Object.keys(value));
    assert.equal(other.scale, 0.5);
    assert.equal(other.list[1], null);
    assert.equal(tensorsIn(other).size, 3);
    assert.deepEqual(other.deep.b.toArray(), value.deep.b.mul(2).toArray());
  });
});
