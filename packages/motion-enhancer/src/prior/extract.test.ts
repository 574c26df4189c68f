import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { keep, liveTensors, noGrad, scope } from '@motion-enhancer/libtorch';
import { closeTo } from '@motion-enhancer/libtorch/testing';
import { freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../config/field.js';
import { clipOfFrames, framesTensor } from '../data/clip.js';
import type { VideoFrames } from '../data/video/index.js';
import { PRIOR_FIELDS, type PriorConfig } from './config.js';
import { tinyVdm } from './dataset/testing.js';
import { type CogVideoX, loadCogVideoX } from './diffusion/cogvideox/load-cogvideox.js';
import { encodeClip } from './diffusion/encode-clip.js';
import { extract } from './extract.js';

const seed = freshSeed();
const random = randomSource(seed);
const TEXT = 'a dog jumps over a fence';
const [N, H, W] = [9, 64, 96];
const frames = {
  data: Uint8Array.from({ length: N * H * W * 3 }, () => random.below(256)),
  width: W,
  height: H,
  indices: [...Array(N).keys()],
  timestamps: [...Array(N).keys()],
  info: {},
} as unknown as VideoFrames;
const config = (o: Partial<PriorConfig> = {}) =>
  resolve(PRIOR_FIELDS, { frames: N, height: H, width: W, steps: 1, ...o });
let vdm: CogVideoX;
const atStart = liveTensors();
before(async () => {
  vdm = await loadCogVideoX(tinyVdm(join(temporaryFolder(), 'vdm')), {
    device: 'cpu',
    dtype: 'float32',
    decoder: true,
  });
  vdm.texts.encode([TEXT, '']);
  free(await extract(vdm, frames, TEXT, config()));
});
after(() => {
  vdm.dispose();
  assert.equal(liveTensors(), atStart, 'live tensors after the model');
});
const free = (prior: Awaited<ReturnType<typeof extract>>) => {
  for (const t of [prior.rows_WFHW, prior.allHeads_WFHW, prior.heads_UWFHW, prior.strip_SFHWC]) t?.dispose();
};

test(`the strip is the decoded noise and reconstruction, one picture a token frame (seed ${seed})`, async () => {
  const plain = await extract(vdm, frames, TEXT, config());
  const prior = await extract(vdm, frames, TEXT, config({ keepStrip: true }));
  const strip = prior.strip_SFHWC!;
  assert.equal(plain.strip_SFHWC, null);
  assert.deepEqual([[...strip.shape], strip.dtype], [[2, prior.grid.frames, 107, 160, 3], 'uint8']);
  scope(() => {
    // What is kept beside changes nothing of the maps.
    closeTo(prior.rows_WFHW, plain.rows_WFHW, 1e-7);
    const picture = (row: number) => strip.select(0, row).to('float32');
    assert.ok(picture(0).sub(picture(1)).abs().mean().item() > 1, 'two pictures, not one twice');
    for (const row of [0, 1]) assert.ok(picture(row).std([0, 1, 2, 3]).item() > 1, 'not one colour');
  });
  free(prior);
  free(plain);
});

test('latents that are given are used as they are; `between` comes once, between the passes', async () => {
  const stages: string[] = [];
  const latents = keep(noGrad(() => scope(() => encodeClip(vdm, frames, config()))));
  const negative = { ...latents, x0: keep(scope(() => latents.x0.neg())) };
  const own = await extract(vdm, frames, TEXT, config());
  const given = await extract(vdm, frames, TEXT, config(), {
    latents,
    onProgress: (stage) => stages.push(stage),
    between: () => stages.push('between'),
  });
  const other = await extract(vdm, frames, TEXT, config(), { latents: negative });
  scope(() => {
    closeTo(given.rows_WFHW, own.rows_WFHW, 0);
    assert.ok(other.rows_WFHW.sub(own.rows_WFHW).abs().max().item() > 0);
  });
  assert.deepEqual(stages, ['encode', 'invert', 'between', 'reconstruct', 'select']);
  for (const prior of [own, given, other]) free(prior);
  latents.x0.dispose();
  negative.x0.dispose();
});

test(`a difference needs the encoder alone: every word has the latents' change, with the tokens' grid (seed ${seed})`, async () => {
  const alone = await loadCogVideoX(vdm.dir, { device: 'cpu', dtype: 'float32', denoiser: false });
  try {
    scope(() => {
      const { embedding } = alone.texts.get('');
      assert.throws(() => alone.denoise(embedding, embedding, 1), /not loaded/);
    });
    const [plain, shifted] = [
      await extract(alone, frames, TEXT, config({ mode: 'difference' })),
      await extract(alone, frames, TEXT, config({ mode: 'difference-shifted' })),
    ];
    scope(() => {
      const latents = noGrad(() => encodeClip(vdm, frames, config())).x0.select(0, 0); // [F, C, h, w]
      const { frames: F, height, width } = plain.grid;
      assert.deepEqual(plain.rows_WFHW.shape, [6, F, height, width]);
      assert.deepEqual(
        plain.words.map(({ text }) => text),
        TEXT.split(' '),
      );
      const n = latents.size(0);
      const change = latents
        .narrow(0, 1, n - 1)
        .sub(latents.narrow(0, 0, n - 1))
        .abs()
        .mean(1);
      // The last token: the changes before and in its two latent frames.
      const last = change
        .narrow(0, n - 3, 2)
        .mean(0)
        .reshape(height, 2, width, 2)
        .mean([1, 3]);
      for (const word of [0, 5]) closeTo(plain.rows_WFHW.select(0, word).select(0, F - 1), last, 1e-5);
      assert.ok(shifted.rows_WFHW.sum().item() <= plain.rows_WFHW.sum().item());
    });
    for (const prior of [plain, shifted]) free(prior);
  } finally {
    alone.dispose();
  }
});

test('mode renoise has a prior without inversion; agreement with the difference orders heads; stages are its own', async () => {
  const stages: string[] = [];
  const o = { mode: 'renoise', unit: 'layer-head', headCount: 2, spread: 1 } as const;
  const prior = await extract(vdm, frames, TEXT, config({ ...o, selection: 'difference', direction: 'both' }), {
    onProgress: (stage) => stages.push(stage),
    between: () => stages.push('between'),
  });
  assert.deepEqual(stages, ['encode', 'between', 'renoise', 'renoise', 'renoise', 'renoise', 'select']);
  assert.equal(prior.heads.filter(({ kept }) => kept).length, 4);
  const kept = prior.heads.filter(({ kept, direction }) => kept && direction === 'text-to-video');
  const others = prior.heads.filter(({ kept, direction }) => !kept && direction === 'text-to-video');
  const least = Math.min(...kept.map(({ difference }) => difference!));
  assert.ok(others.every(({ difference }) => difference! <= least));
  free(prior);
  await assert.rejects(extract(vdm, frames, TEXT, config({ selection: 'reliability' })), { code: 'ERR_VALUE' });
  // Spreading serves the paper's form too.
  const [plain, spread] = [
    await extract(vdm, frames, TEXT, config()),
    await extract(vdm, frames, TEXT, config({ spread: 1 })),
  ];
  assert.deepEqual(spread.heads, plain.heads);
  scope(() => assert.ok(spread.rows_WFHW.sub(plain.rows_WFHW).abs().max().item() > 0));
  for (const one of [plain, spread]) free(one);
});

test('vaeMemory encodes in tiles where the clip needs more', () => {
  scope(() => {
    const x0 = (o: Partial<PriorConfig>) => noGrad(() => encodeClip(vdm, frames, config(o)).x0);
    const whole = x0({});
    closeTo(x0({ vaeMemory: 100 }), whole, 0);
    const clip = clipOfFrames(framesTensor(frames), H, W);
    // The least tile: 6 × 6 latent pixels.
    const { mean } = noGrad(() => vdm.vae.encode(clip, { height: 6, width: 6 }));
    const tiled = x0({ vaeMemory: 1e-6 });
    const expected = mean.mul(vdm.vae.config.scalingFactor).permute(0, 2, 1, 3, 4);
    closeTo(tiled.narrow(1, tiled.size(1) - expected.size(1), expected.size(1)), expected, 1e-6);
    assert.ok(tiled.sub(whole).abs().max().item() > 1e-4);
  });
});
