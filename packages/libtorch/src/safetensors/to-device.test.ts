import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cuda } from '../devices.js';
import { empty, manualSeed, randint, randn } from '../index.js';
import { liveTensors, scope } from '../scope.js';
import { openSafetensors } from './open-safetensors.js';
import { writeSafetensors } from './write-safetensors.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const folder = mkdtempSync(join(tmpdir(), 'to-device-'));
after(() => rmSync(folder, { recursive: true }));

test('tensors of every size come to the GPU as they are in the file', { skip }, () => {
  const before = liveTensors();
  manualSeed(Date.now());
  scope(() => {
    const path = join(folder, 'some.safetensors');
    const tensors = new Map([
      ['small', randn([3, 5])],
      ['bytes', randint(0, 256, [3_000_001]).to('uint8')], // what follows is not aligned to a page
      ['piece', randn([1 << 21])], // one piece exactly
      ['many', randn([5, 1_700_001]).to('bfloat16')], // two pieces and a bit
      ['most', randn([41, 1 << 20])], // more pieces than threads have buffers
      ['none', empty([0, 4])],
      ['truth', randint(0, 2, [1_200_000]).ne(0)],
      ['double', randn([200_003]).to('float64')],
    ]);
    writeSafetensors(path, tensors);
    const file = openSafetensors(path);
    for (let round = 0; round < 2; round++)
      for (const [name, wanted] of tensors)
        scope(() => {
          const got = file.read(name, 'cuda:0');
          assert.equal(got.device, 'cuda:0');
          assert.equal(got.dtype, wanted.dtype);
          assert.deepEqual(got.shape, wanted.shape);
          assert.equal(got.cpu().eq(wanted).all().item(), 1, name);
        });
    file.close();
  });
  assert.equal(liveTensors(), before);
});

test('a file that was cut while it is open is reported', { skip }, () => {
  const before = liveTensors();
  scope(() => {
    const path = join(folder, 'cut.safetensors');
    writeSafetensors(path, new Map([['x', randn([20, 1 << 20])]]));
    const file = openSafetensors(path);
    truncateSync(path, 50 << 20);
    assert.throws(
      () => file.read('x', 'cuda:0'),
      /cut\.safetensors: it cannot be read as its header says; it was changed since it was opened/,
    );
    file.close();
  });
  assert.equal(liveTensors(), before);
});

test('a tensor without entries comes to the device that was asked for', () => {
  const before = liveTensors();
  scope(() => {
    const path = join(folder, 'none.safetensors');
    writeSafetensors(path, new Map([['none', empty([0, 4])]]));
    const file = openSafetensors(path);
    // A device that every machine has, and that is not the default one.
    const got = file.read('none', 'meta');
    assert.equal(got.device, 'meta');
    assert.deepEqual(got.shape, [0, 4]);
    file.close();
  });
  assert.equal(liveTensors(), before);
});
