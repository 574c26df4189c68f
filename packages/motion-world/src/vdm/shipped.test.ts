import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadCogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { Generator, liveTensors, noGrad, randn, scope } from '@motion-enhancer/libtorch';
import { makeClip } from '../generate/index.js';
import { clipInputs } from '../priors/clip-inputs.js';
import { reconstruction } from './samples.js';

const SHIPPED = fileURLToPath(new URL('../../../../models/world/vdm', import.meta.url));

test('the shipped CogVideoX keeps clips it never saw, and tells noise from video in them', async () => {
  const before = liveTensors();
  const vdm = await loadCogVideoX(SHIPPED, { device: 'cpu', dtype: 'float32', decoder: true });
  assert.equal(vdm.weights, 'trained');
  const { error } = reconstruction(vdm, makeClip('test', 2, { frames: 2 }));
  assert.ok(error < 4, `mean error of ${error} levels of 255`);
  scope(() =>
    noGrad(() => {
      const { input } = clipInputs(vdm, [makeClip('test', 5)], { steps: 5, guidance: 6, last: 2, seed: 0 });
      const generator = new Generator(1);
      const noise = randn(input.x0.shape, { generator });
      generator.dispose();
      const level = 500;
      const a = vdm.schedule.alphaBar(level);
      const x = input.x0.mul(Math.sqrt(a)).add(noise.mul(Math.sqrt(1 - a)));
      const v = noise.mul(Math.sqrt(a)).sub(input.x0.mul(Math.sqrt(1 - a)));
      const loss = vdm.transformer.forward(x, input.text, level).sub(v).square().mean().item();
      const unknown = v.square().mean().item();
      assert.ok(loss < 0.25 * unknown, `${loss} of ${unknown}`);
    }),
  );
  vdm.dispose();
  assert.equal(liveTensors(), before);
});

test('its files are small, and its card says how it was made', () => {
  const weights = ['transformer/diffusion_pytorch_model', 'vae/diffusion_pytorch_model', 'text_encoder/model'];
  const bytes = weights.reduce((sum, name) => sum + statSync(join(SHIPPED, `${name}.safetensors`)).size, 0);
  assert.ok(bytes < 16.2e6, `${bytes}`);
  assert.match(readFileSync(join(SHIPPED, 'README.md'), 'utf8'), /world train-vdm --out .* --steps \d+/);
});
