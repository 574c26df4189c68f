import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Generator, liveTensors, openSafetensors, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type CogVideoXVae, chunkBounds, loadVae, samplePosterior } from './model.js';

const FOLDER = new URL('../../../../../test/fixtures/reference/vae/', import.meta.url).pathname;
const FP32 = { device: 'cpu', dtype: 'float32' } as const;
const worst = (a: Tensor, b: Tensor) => a.to('float64').sub(b.to('float64')).abs().max().item();

function withVae(body: (vae: CogVideoXVae, read: (name: string) => Tensor) => void) {
  const before = liveTensors();
  scope(() => {
    const file = openSafetensors(`${FOLDER}encode.safetensors`);
    const vae = loadVae(`${FOLDER}vae`, FP32);
    body(vae, (name) => file.read(name));
    vae.dispose();
    file.close();
  });
  assert.equal(liveTensors(), before);
}

for (const frames of [5, 9, 13, 21])
  test(`${frames} frames: mean and logvar equal the reference`, () =>
    withVae((vae, read) => {
      const { mean, logvar } = vae.encode(read(`video_${frames}`));
      assert.deepEqual([...mean.shape], [1, 4, (frames - 1) / 4 + 1, 4, 6]);
      assert.ok(worst(mean, read(`mean_${frames}`)) < 1e-4);
      assert.ok(worst(logvar, read(`logvar_${frames}`)) < 1e-4);
    }));

test('decoded video equals the reference', () =>
  withVae((vae, read) => assert.ok(worst(vae.decode(read('latent')), read('decoded')) < 1e-4)));

test('8k + 1 frames are decoded to as many; an even latent count to 4 each', () =>
  withVae((vae) => {
    for (const frames of [1, 9, 17, 25]) {
      const { mean } = vae.encode(randn([1, 3, frames, 16, 8]));
      assert.deepEqual([...vae.decode(mean).shape], [1, 3, frames, 16, 8]);
    }
    assert.equal(vae.decode(randn([1, 4, 4, 2, 1])).size(2), 16);
  }));

test('latents of a chunk do not depend on later chunks', () =>
  withVae((vae) => {
    const video = randn([1, 3, 17, 16, 16]);
    const changed = video.clone();
    changed.narrow(2, 9, 8).add_(1);
    const [a, b] = [vae.encode(video).mean, vae.encode(changed).mean];
    assert.equal(worst(a.narrow(2, 0, 3), b.narrow(2, 0, 3)), 0);
    assert.ok(worst(a.narrow(2, 3, 2), b.narrow(2, 3, 2)) > 1e-4);
  }));

test('chunks: the first takes the remainder, and all frames are covered once', () => {
  assert.deepEqual(chunkBounds(81, 8).slice(0, 2), [
    [0, 9],
    [9, 17],
  ]);
  assert.deepEqual(chunkBounds(13, 8), [[0, 13]]);
  assert.deepEqual(chunkBounds(5, 8), [[0, 5]]);
  for (let n = 1; n < 60; n++)
    for (const size of [2, 8]) {
      const bounds = chunkBounds(n, size);
      assert.equal(bounds[0]![0], 0);
      assert.equal(bounds.at(-1)![1], n);
      for (const [i, [start]] of bounds.entries()) if (i > 0) assert.equal(start, bounds[i - 1]![1]);
    }
});

test('a sample is reproducible, and spreads as logvar says', () => {
  const before = liveTensors();
  scope(() => {
    const posterior = { mean: randn([1, 4, 8, 20, 20]), logvar: randn([1, 4, 8, 20, 20]) };
    const draw = (seed: number) => {
      const generator = new Generator(seed);
      const sample = samplePosterior(posterior, generator);
      generator.dispose();
      return sample;
    };
    assert.equal(worst(draw(7), draw(7)), 0);
    const z = draw(8).sub(posterior.mean).div(posterior.logvar.mul(0.5).exp());
    assert.ok(Math.abs(z.mean().item()) < 0.05);
    assert.ok(Math.abs(z.std().item() - 1) < 0.05);
  });
  assert.equal(liveTensors(), before);
});

test('bad inputs and bad checkpoints are reported, and leave nothing behind', () => {
  withVae((vae) => {
    assert.throws(() => vae.encode(randn([1, 4, 5, 16, 16])), /Expected \[B, 3, frames, height, width\] for video/);
    assert.throws(() => vae.encode(randn([1, 3, 5, 12, 16])), /Expected height and width in multiples of 8 for video/);
    assert.throws(() => vae.decode(randn([1, 3, 5, 2, 2])), /Expected \[B, 4, frames, height, width\] for latents/);
  });
  const before = liveTensors();
  const root = mkdtempSync(join(tmpdir(), 'me-'));
  try {
    assert.throws(
      () => loadVae(`${FOLDER}../cogvideox15/transformer`, FP32),
      /Expected AutoencoderKLCogVideoX for _class_name in .* but received "CogVideoXTransformer3DModel". Give/,
    );
    const dir = join(root, 'vae');
    cpSync(`${FOLDER}vae`, dir, { recursive: true });
    const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
    const changes: [object, RegExp][] = [
      [{ block_out_channels: 8 }, /Expected list of integers for block_out_channels/],
      [{ block_out_channels: [6, 8, 16, 16] }, /Expected multiples of norm_num_groups = 4 .* received 6/],
      [{ latent_channels: 8 }, /Expected shape \[16, 16, 3, 3, 3\] for encoder.conv_out.conv.weight/],
      [{ layers_per_block: 2 }, /no tensor named encoder.down_blocks.0.resnets.1/],
      [{ use_quant_conv: true }, /Expected false for use_quant_conv/],
    ];
    for (const [change, message] of changes) {
      writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, ...change }));
      assert.throws(() => loadVae(dir, FP32), message);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  assert.equal(liveTensors(), before);
});
