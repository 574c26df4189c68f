import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as libtorch from '@motion-enhancer/libtorch';
import { attention, cat, liveTensors, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import * as models from '@motion-enhancer/models';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import * as core from '../../index.js';
import { renoisedMaps } from '../capture/renoised-maps.js';
import { PRIOR_FIELDS, type PriorConfig } from '../config.js';
import { tinyVdm } from '../dataset/testing.js';
import { PRESETS } from '../presets.js';
import { correlation } from '../selection/correlation.js';
import { selectUnits } from '../selection/select.js';
import { noisePasses, passesOf, readLevels } from './noise-levels.js';
import { seededNoise } from './seeded-noise.js';
import { posteriorSeed, renoiseSeed, startSeed } from './seeds.js';
import { loadVdm } from './vdm.js';
import type { VideoDiffusion } from './video-diffusion.js';

const toy = (await import(fixture('../plugins/toy-diffusion.mjs'))) as {
  default(api: object): void;
  writeToyDiffusion(dir: string): string;
};
const TEXTS = ['a dog jumps', 'two cats sleep now'];
const dir = temporaryFolder();
/** The model, and the shape of a clip's latents. */
const kinds: Record<'self-cross' | 'joint', { vdm: VideoDiffusion; shape: number[] }> = {} as never;
const atStart = liveTensors();
before(async () => {
  toy.default({ core, models, libtorch });
  const run = { device: 'cpu', dtype: 'float64', texts: TEXTS } as const;
  kinds['self-cross'] = {
    vdm: await loadVdm(toy.writeToyDiffusion(join(dir, 'toy')), run),
    shape: [1, 3, 3, 2, 4],
  };
  kinds.joint = { vdm: await loadVdm(tinyVdm(join(dir, 'joint')), run), shape: [1, 2, 4, 4, 6] };
  // Tables that a model makes at its first use are its own until it is freed.
  scope(() => {
    noGrad(() => maps('joint', {}));
  });
});
after(() => {
  for (const { vdm } of Object.values(kinds)) vdm.dispose();
  assert.equal(liveTensors(), atStart, 'live tensors after the models');
});

const config = (o: Partial<PriorConfig> = {}): PriorConfig =>
  resolve(PRIOR_FIELDS, { mode: 'renoise', selection: 'change', levels: '200,400', ...o });

function inputs(kind: keyof typeof kinds, clips = 1) {
  const { vdm, shape } = kinds[kind];
  const texts = TEXTS.slice(0, clips).map((text) => vdm.texts.get(text));
  const text = cat(texts.map(({ embedding }) => embedding));
  const x0 = cat(texts.map((_, i) => seededNoise(shape, 40 + i, text)));
  return { model: vdm, x0, text, words: texts.map(({ words }) => words) };
}

const maps = (kind: keyof typeof kinds, o: Partial<PriorConfig>) => renoisedMaps(inputs(kind), [config(o)])[0]![0]!;

test('levels are read, and each pass has noise of its own; they are told by what they are', () => {
  assert.deepEqual(readLevels({ levels: '100, 300,50.5' }), [100, 300, 50.5]);
  for (const levels of ['', '0', '1000', '100,', '100;200', 'x', '-3'])
    assert.throws(() => readLevels({ levels }), /numbers between 0 and 1000 .* for levels/, levels);
  assert.equal(passesOf({ levels: '1,2', draws: 3 }), 6);
  const seeds = Array.from({ length: 400 }, (_, pass) => [0, 1, 2].map((seed) => renoiseSeed(seed, pass))).flat();
  const others = [0, 1, 2, 3, 4].flatMap((seed) => [startSeed(seed), posteriorSeed(seed)]);
  // The CPU's generator looks at 32 bits of a seed.
  assert.equal(new Set([...seeds, ...others].map((seed) => seed % 2 ** 32)).size, seeds.length + others.length);
});

test('a level is the nearest of the sampler’s finest grid, whatever its unit', () => {
  for (const { vdm } of Object.values(kinds)) {
    const passes = noisePasses(vdm.sampler, { levels: '100,250', draws: 2, seed: 0 });
    assert.deepEqual(
      passes.map(({ level }) => Math.round(level.time / 5) * 5),
      [100, 250, 100, 250],
    );
    assert.equal(new Set(passes.map(({ seed }) => seed)).size, 4);
  }
});

for (const kind of ['joint', 'self-cross'] as const) {
  tensorTest(`${kind}: maps are those that the model attends with by itself, over whole softmax maps`, () => {
    noGrad(() => {
      const { model, x0, text } = inputs(kind);
      const found = maps(kind, { direction: 'both', unit: 'layer-head', selection: 'change-reliability' });
      const { layers, heads } = model.attention;
      const { textTokens: T } = model.grid(x0, text);
      const whole: Tensor[][] = [];
      for (const { level, seed } of noisePasses(model.sampler, config())) {
        const ofPass: Tensor[] = [];
        const note = (q: Tensor, k: Tensor, v: Tensor) => {
          const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.size(-1)));
          ofPass.push(libtorch.keep(scores.softmax(-1).select(0, 0)));
          return attention(q, k, v);
        };
        const x = model.sampler.noised(x0, seededNoise(x0.shape, seed, x0), level);
        model.denoise(x, text, level.time, kind === 'joint' ? { joint: note } : { cross: note });
        whole.push(ofPass);
      }
      const N = whole[0]![0]!.size(1);
      for (let layer = 0; layer < layers; layer++) {
        const map = whole[0]![layer]!.add(whole[1]![layer]!).div(2);
        const columns = (m: Tensor) => (kind === 'joint' ? m.narrow(1, T, N - T).narrow(2, 0, T) : m).transpose(1, 2);
        const rows = (m: Tensor) => (kind === 'joint' ? m.narrow(1, 0, T).narrow(2, T, N - T) : columns(m));
        const at = (x: Tensor) => x.narrow(0, layer * heads, heads);
        closeTo(at(found.words['text-to-video']!.maps_HTS), rows(map), 1e-9);
        closeTo(at(found.words['video-to-text']!.maps_HTS), columns(map), 1e-9);
        const [a, b] = [0, 1].map((pass) => columns(whole[pass]![layer]!)) as [Tensor, Tensor];
        closeTo(at(found.words['video-to-text']!.agreement_HT!), correlation(a, b), 1e-7);
      }
      for (const t of whole.flat()) t.dispose();
    });
  });

  tensorTest(`${kind}: clips that run together have the priors of each alone; every preset gives one`, () => {
    noGrad(() => {
      for (const preset of ['renoise-4', 'renoise-2', 'renoise-1'] as const) {
        const o = resolve(PRIOR_FIELDS, PRESETS[preset]);
        const { words, ...both } = inputs(kind, 2);
        const together = renoisedMaps(both, [o])[0]!;
        for (const clip of [0, 1]) {
          const one = { model: both.model, x0: both.x0.narrow(0, clip, 1), text: both.text.narrow(0, clip, 1) };
          const [a, b] = [together[clip]!, renoisedMaps(one, [o])[0]![0]!].map((from) =>
            selectUnits(from, words[clip]!, o),
          );
          closeTo(a!.rows_WFHW, b!.rows_WFHW, 1e-6, preset);
          assert.deepEqual(a!.heads.filter(({ kept }) => kept).length, 8);
          assert.ok(a!.rows_WFHW.min().item() > 0 && a!.rows_WFHW.isfinite().all().item() === 1);
        }
      }
    });
  });
}

tensorTest('MHS of single passes has its statistics; each option that captures other things has its own', () => {
  noGrad(() => {
    const options = [
      { selection: 'mhs' },
      { selection: 'change' },
      { spread: 1, spreadLayer: 'all' },
      { spread: 1, spreadLayer: '0' },
    ] as const;
    const [mhs, change, all, first] = renoisedMaps(
      inputs('joint'),
      options.map((o) => config(o)),
    ).map(([one]) => one!);
    assert.ok(mhs!.maps && !change!.maps);
    assert.deepEqual([mhs!.chosen.squareSum, change!.chosen.squareSum], ['accumulate', 'none']);
    closeTo(mhs!.words['text-to-video']!.maps_HTS, change!.words['text-to-video']!.maps_HTS, 1e-12);
    // Two passes of two layers, and of one.
    assert.deepEqual(
      [change, all, first].map((one) => one!.spread.length),
      [0, 4, 2],
    );
    assert.throws(() => maps('joint', { spread: 1, spreadLayer: '7' }), /a number from 0 to 1 for spreadLayer/);
  });
});
