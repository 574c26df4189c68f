import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bytesOf, fromTypedArray, randn, scope, tensor } from './index.js';
import { leakFree } from './testing/leak-free.js';

leakFree('fromTypedArray shares memory both ways, tensor() copies', () => {
  scope(() => {
    const data = new Float32Array([1, 2, 3, 4, 5, 6]);
    const shared = fromTypedArray(data, [2, 3]);
    const copy = tensor(data);
    data[0] = 10;
    shared.select(0, 1).mul_(2);
    assert.deepEqual(shared.tolist(), [
      [10, 2, 3],
      [8, 10, 12],
    ]);
    assert.deepEqual([...data], [10, 2, 3, 8, 10, 12]);
    assert.deepEqual(copy.toArray(), [1, 2, 3, 4, 5, 6]);
    const part = fromTypedArray(data.subarray(2, 4));
    part.fill_(-1);
    assert.deepEqual([...data], [10, 2, -1, -1, 10, 12]);
    assert.throws(() => fromTypedArray(data, [7]), /Expected 28 bytes/);
    assert.throws(() => fromTypedArray(data, [-6]), /shape/);
    assert.equal(fromTypedArray(new Float32Array(0)).numel, 0);
  });
});

leakFree('bytesOf shows the memory itself, also after the tensor is freed', () => {
  const bytes = scope(() => {
    const t = tensor([1, 2], { dtype: 'int32' });
    const view = bytesOf(t);
    t.add_(255);
    return view;
  });
  assert.deepEqual([...bytes], [0, 1, 0, 0, 1, 1, 0, 0]);
  scope(() => assert.throws(() => bytesOf(randn([2, 3]).transpose(0, 1)), /contiguous/));
});

const child = `
import { fromTypedArray, liveTensors, bytesOf, randn, scope, tensorsFreedByCollector } from INDEX;
const collect = async () => { for (let i = 0; i < 6; i++) { gc(); await new Promise((r) => setTimeout(r, 5)); } };
let shared = fromTypedArray(new Float64Array(1e5).fill(3));
await collect();
for (let i = 0; i < 50; i++) new Float64Array(1e5).fill(-1);
if (shared.sum().item() !== 3e5) throw new Error('the buffer of a shared tensor was collected');
let view = scope(() => bytesOf(randn([1e5]).fill_(1)));
await collect();
scope(() => { for (let i = 0; i < 50; i++) randn([1e5]); });
if (new Float32Array(view.buffer).some((v) => v !== 1)) throw new Error('the memory of a view was freed');
const before = liveTensors();
(() => { for (let i = 0; i < 100; i++) randn([10]); })();
await collect();
if (liveTensors() !== before) throw new Error('loose tensors were not collected: ' + (liveTensors() - before));
if (tensorsFreedByCollector() < 100) throw new Error('not counted');
// Buffers of freed tensors are given back: 640 MB pass through here.
const rss = process.memoryUsage().rss;
for (let i = 0; i < 80; i++) {
  scope(() => { fromTypedArray(new Float64Array(1e6).fill(1)).sum().item(); });
  if (i % 10 === 0) await collect();
}
await collect();
const grown = process.memoryUsage().rss - rss;
if (grown > 3e8) throw new Error('shared buffers leak: ' + grown);
console.log('fine');
`;

leakFree('what JavaScript or libtorch still refers to survives collection; the rest does not', () => {
  const file = fileURLToPath(import.meta.url);
  const index = JSON.stringify(new URL(`./index.${file.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href);
  const flags = ['--expose-gc', ...(file.endsWith('.ts') ? ['--import', 'tsx', '--conditions=source'] : [])];
  const run = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', child.replace('INDEX', index)], {
    encoding: 'utf8',
  });
  assert.equal(run.stdout.trim(), 'fine', run.stderr);
});
