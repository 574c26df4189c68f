import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors, openSafetensors, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { readVaeConfig } from './config.js';
import { loadVae } from './model.js';
import { tilesUnder, vaeBytes } from './tiling.js';

const FIXTURES = new URL('../../../../../test/fixtures/', import.meta.url).pathname;
const worst = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();

test('tiles of every shape equal the tiled encoding and decoding of diffusers', () => {
  const before = liveTensors();
  scope(() => {
    const file = openSafetensors(`${FIXTURES}vae-tiled/tiled.safetensors`);
    const vae = loadVae(`${FIXTURES}reference/vae/vae`, { device: 'cpu', dtype: 'float32' });
    const cases = JSON.parse(file.metadata.cases!) as { name: string; tile: [number, number] }[];
    assert.equal(cases.length, 3);
    for (const { name, tile } of cases) {
      const read = (what: string) => file.read(`${name}.${what}`).to('float32');
      const size = { height: tile[0], width: tile[1] };
      const { mean, logvar } = vae.encode(read('video'), size);
      assert.deepEqual([...mean.shape], [...read('mean').shape], name);
      assert.ok(worst(mean, read('mean')) < 1e-4, `${name} mean: ${worst(mean, read('mean'))}`);
      assert.ok(worst(logvar, read('logvar')) < 1e-4, `${name} logvar`);
      const decoded = vae.decode(read('latent'), size);
      const thinned = decoded.slice(3, 0, null, 7).slice(4, 0, null, 7);
      assert.ok(worst(thinned, read('decoded')) < 1e-4, `${name} decoded: ${worst(thinned, read('decoded'))}`);
      // And they are not what whole frames give, or nothing was tiled.
      assert.ok(worst(mean, vae.encode(read('video')).mean) > 1e-3, name);
    }
    vae.dispose();
    file.close();
  });
  assert.equal(liveTensors(), before);
});

test('one tile over all is the whole', () => {
  scope(() => {
    const vae = loadVae(`${FIXTURES}reference/vae/vae`, { device: 'cpu', dtype: 'float32' });
    const video = randn([1, 3, 5, 32, 40]);
    const tile = { height: 4, width: 5 };
    // A step of a whole tile less the overlap leaves a strip, which a larger tile does not.
    const all = { height: 40, width: 40 };
    assert.equal(worst(vae.encode(video, all).mean, vae.encode(video).mean), 0);
    assert.deepEqual([...vae.encode(video, tile).mean.shape], [1, 4, 2, 4, 5]);
    vae.dispose();
  });
});

test('under a cap: whole where it fits; else tiles that fit, the largest first, never below the least', () => {
  const config = readVaeConfig({ _class_name: 'AutoencoderKLCogVideoX' }, 'test');
  const clip = { frames: 49, height: 480, width: 720 };
  const whole = vaeBytes(config, 'encode', clip, 2);
  assert.equal(tilesUnder(config, 'encode', clip, 2, whole), null);
  assert.deepEqual(tilesUnder(config, 'encode', clip, 2, whole - 1), { height: 30, width: 45 }, 'as in diffusers');
  let last = Number.POSITIVE_INFINITY;
  for (let share = 0.2; share > 1e-3; share *= 0.8) {
    const tile = tilesUnder(config, 'encode', clip, 2, whole * share)!;
    const bytes = vaeBytes(config, 'encode', { frames: 49, height: 8 * tile.height, width: 8 * tile.width }, 2);
    assert.ok(bytes <= whole * share || (tile.height === 6 && tile.width === 6), `${share}`);
    assert.ok(tile.height * tile.width <= last && tile.height >= 6);
    last = tile.height * tile.width;
  }
  assert.ok(vaeBytes(config, 'decode', clip, 2) > whole);
});
