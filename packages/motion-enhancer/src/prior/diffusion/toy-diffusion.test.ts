import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as libtorch from '@motion-enhancer/libtorch';
import { attention, cat, liveTensors, noGrad, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import * as models from '@motion-enhancer/models';
import { fixture, freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import type { VideoFrames } from '../../data/video/index.js';
import * as core from '../../index.js';
import { AttentionCapture } from '../capture/attention-capture.js';
import { capturedMaps } from '../capture/captured-maps.js';
import { PRIOR_FIELDS, type PriorConfig } from '../config.js';
import { extract } from '../extract.js';
import { planPrior } from '../memory-plan.js';
import { runExtract } from '../run-extract.js';
import { PriorStore } from '../store/store.js';
import { encodeClip } from './encode-clip.js';
import { videoDiffusionFamily } from './families.js';
import { seededNoise } from './seeded-noise.js';
import { startSeed } from './seeds.js';
import { invert, reconstruct } from './trajectory.js';
import { loadVdm } from './vdm.js';
import type { VideoDiffusion } from './video-diffusion.js';

interface Toy {
  default(api: object): void;
  writeToyDiffusion(dir: string, sizes?: object): string;
  PLANTED: { self: number; cross: number };
}
const toy = (await import(fixture('../plugins/toy-diffusion.mjs'))) as Toy;

const seed = freshSeed();
const random = randomSource(seed);
const TEXT = 'a dog jumps over walls';
const [N, H, W] = [9, 32, 48];
const [F, P] = [3, 24];
const S = F * P;
const T = 8;
const framesOf = (): VideoFrames =>
  ({
    data: Uint8Array.from({ length: N * H * W * 3 }, () => random.below(256)),
    width: W,
    height: H,
    indices: [...Array(N).keys()],
    timestamps: [...Array(N).keys()],
    info: {},
  }) as unknown as VideoFrames;
const frames = framesOf();
const config = (o: Partial<PriorConfig> = {}) =>
  resolve(PRIOR_FIELDS, { frames: N, height: H, width: W, steps: 3, ...o });

const dir = join(temporaryFolder(), 'toy');
let vdm: VideoDiffusion;
const atStart = liveTensors();
before(async () => {
  toy.default({ core, models, libtorch });
  toy.writeToyDiffusion(dir);
  vdm = await loadVdm(dir, { device: 'cpu', dtype: 'float64', texts: [TEXT, ''] });
});
after(() => {
  vdm.dispose();
  assert.equal(liveTensors(), atStart, 'live tensors after the model');
});

/** e^score of the planted head's entries, and what a query's entries sum to. */
const planted = () => {
  const [self, cross] = [Math.exp(toy.PLANTED.self), Math.exp(toy.PLANTED.cross)];
  return { self, selfSum: F * self + S - F, cross, crossSum: cross + T - 1 };
};

/** Σ over the passes of a prior's pass, in one capture. */
function mapsOf(o: Partial<PriorConfig>) {
  const { x0 } = encodeClip(vdm, frames, config());
  const { embedding: text } = vdm.texts.get(TEXT);
  const { embedding: empty } = vdm.texts.get('');
  const trajectory = invert(vdm, x0, empty, 3);
  const pass = { model: vdm, x0, trajectory, conditioning: { text, empty } };
  return { pass, maps: capturedMaps(pass, [config(o)]).captured[0]!.maps };
}

test('a plugin’s folder is told by its model_index.json; a class that nobody registered is named', () => {
  assert.equal(videoDiffusionFamily(dir).id, 'toy');
  const other = join(temporaryFolder(), 'other');
  toy.writeToyDiffusion(other);
  writeFileSync(join(other, 'model_index.json'), '{"_class_name": "OtherPipeline"}');
  assert.throws(() => videoDiffusionFamily(other), {
    code: 'ERR_CONFIG',
    message:
      /known family \(.*toy\) for _class_name in .*model_index\.json but received "OtherPipeline".*--plugin FILE\.mjs/,
  });
});

tensorTest('its sampler: noise is mixed in, and the inverse step takes a step back', () => {
  const [x, v] = [1, 2].map((s) => seededNoise([2, 3], s, vdm.texts.get('').embedding)) as [Tensor, Tensor];
  for (const level of vdm.sampler.levels(4)) {
    closeTo(vdm.sampler.invert(vdm.sampler.step(x, v, level), v, level), x, 1e-12);
    closeTo(vdm.sampler.noised(x, v, level), x.mul(1 - level.at).add(v, level.at), 1e-12);
  }
});

test(`it yields priors: maps of words, heads in order, words in order (seed ${seed})`, async () => {
  const prior = await extract(vdm, frames, TEXT, config({ keepHeads: true, keepAllHeads: true, keepStrip: true }));
  scope(() => {
    const words = 5;
    assert.deepEqual(prior.grid, { frames: F, height: 4, width: 6, textTokens: T });
    assert.deepEqual(prior.pixelFrames, [
      [0, 0],
      [1, 4],
      [5, 8],
    ]);
    assert.deepEqual(prior.rows_WFHW.shape, [words, F, 4, 6]);
    assert.ok(prior.heads_UWFHW!.min().item() >= 0 && prior.heads_UWFHW!.sum(1).max().item() <= 1);
    assert.ok(prior.strip_SFHWC!.size(1) === F);
    assert.deepEqual(
      prior.words.map(({ text }) => text),
      TEXT.split(' '),
    );
    assert.deepEqual(prior.heads.map(({ rank }) => rank).sort(), [0, 1, 2]);
    const { self, selfSum, cross, crossSum } = planted();
    // The planted head looks at its own location in all frames: no other is as temporal.
    const [first] = prior.heads;
    assert.deepEqual([first!.rank, first!.kept, first!.tcs, first!.dsr], [0, true, F, 1]);
    const [inside, outside] = [F * (self / selfSum) ** 2, (S - F) / selfSum ** 2];
    assert.ok(Math.abs(first!.dfc / (inside / outside) - 1) < 1e-6, `${first!.dfc}`);
    // And a place of frame f at the text's token f, of which each word has one.
    for (let word = 0; word < words; word++)
      for (let f = 0; f < F; f++) {
        const share = (word === f ? cross : 1) / crossSum;
        const map = prior.heads_UWFHW!.select(0, 0).select(0, word).select(0, f);
        closeTo(map.flatten(), Array<number>(P).fill(share), 1e-6, `word ${word}, frame ${f}`);
      }
  });
  for (const t of [prior.rows_WFHW, prior.allHeads_WFHW, prior.heads_UWFHW, prior.strip_SFHWC]) t?.dispose();
});

tensorTest(
  `at every place the maps of all tokens sum to one; R's keys share the video's attention alone (seed ${seed})`,
  () => {
    for (const squareSum of ['accumulate', 'replay'] as const) {
      const own = noGrad(() => mapsOf({ squareSum }).maps);
      closeTo(own.textToVideo_HTS.sum(1), own.textToVideo_HTS.sum(1).mul(0).add(1), 1e-12);
      closeTo(own.total_H, [S, S, S], 1e-9);
      const joint = noGrad(() => mapsOf({ squareSum, keys: 'joint' }).maps);
      closeTo(joint.textToVideo_HTS, own.textToVideo_HTS, 1e-12);
      // R has the same planted keys: half of the attention is theirs.
      closeTo(joint.total_H.narrow(0, 0, 1), [S / 2], 1e-9);
    }
  },
);

tensorTest(`what is captured of R is what the model attends with by itself, from whole maps (seed ${seed})`, () => {
  noGrad(() => {
    const { maps, pass } = mapsOf({ stream: 'reference' });
    const { x0, trajectory, conditioning } = pass;
    const self: Tensor[] = [];
    const cross: Tensor[] = [];
    const noting = (list: Tensor[]) => (q: Tensor, k: Tensor, v: Tensor) => {
      const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.size(-1)));
      list.push(libtorch.keep(scores.softmax(-1).select(0, 0)));
      return attention(q, k, v);
    };
    for (const [step, level] of vdm.sampler.levels(3).entries())
      vdm.denoise(trajectory[2 - step]!, conditioning.text, level.time, { self: noting(self), cross: noting(cross) });
    const mean = (list: Tensor[]) => stack(list).mean(0);
    closeTo(maps.textToVideo_HTS, mean(cross).transpose(1, 2), 1e-10);
    closeTo(maps.squares_H, mean(self).square().sum([1, 2]), 1e-10);
    for (const t of [...self, ...cross]) t.dispose();
    // The whole reconstruction is what its attention alone was taken from.
    const states = reconstruct(vdm, trajectory, conditioning, {
      ...{ steps: 3, guidance: 6 },
      start: seededNoise(x0.shape, startSeed(0), x0),
    });
    assert.ok(states.length === 3 && states.every((state) => state.isfinite().all().item() === 1));
  });
});

tensorTest(`clips that run together have the trajectories and the maps of each alone (seed ${seed})`, () => {
  noGrad(() => {
    const texts = [TEXT, 'two cats sleep'].map((text) => vdm.texts.get(text).embedding);
    const latents = [frames, framesOf()].map((one) => encodeClip(vdm, one, config()).x0);
    const empty = vdm.texts.get('').embedding;
    const start = seededNoise(latents[0]!.shape, startSeed(0), latents[0]!);
    const run = (x0: Tensor, text: Tensor) => {
      const trajectory = invert(vdm, x0, empty, 2);
      const capture = new AttentionCapture(3, vdm.grid(x0, text), {
        ...({ device: 'cpu', dtype: 'float64', squareSum: 'accumulate' } as const),
        clips: x0.size(0),
      });
      const states = reconstruct(
        vdm,
        trajectory,
        { text, empty },
        {
          ...{ steps: 2, guidance: 6, start },
          capture: ({ of }) => capture.add(of(1, 'joint')),
        },
      );
      const maps = capture.finish();
      capture.dispose();
      return { maps, last: states.at(-1)! };
    };
    const together = run(cat(latents), cat(texts));
    for (const clip of [0, 1]) {
      const alone = run(latents[clip]!, texts[clip]!);
      closeTo(together.last.narrow(0, clip, 1), alone.last, 1e-10);
      for (const name of ['textToVideo_HTS', 'sameLocation_HPFF', 'total_H', 'squares_H'] as const)
        closeTo(together.maps[clip]![name], alone.maps[0]![name], 1e-10, name);
    }
    vdm.texts.clear(new Set([TEXT, '']));
  });
});

test('priors of it are stored and found again; what it needs is told before it is loaded', async () => {
  const plan = planPrior(dir, config(), { device: 'cpu', dtype: 'float64' });
  assert.match(plan.capture.plan, /^accumulate, plain operators, .*joint attention/);
  assert.deepEqual([plan.clip.frames, plan.clip.videoTokens], [N, S]);
  const store = new PriorStore(join(temporaryFolder(), 'priors'));
  const job = { vdm, store, video: fixture('videos/made_vfr.mkv'), text: TEXT, config: config() };
  const made = await runExtract(job);
  const found = await runExtract(job);
  assert.deepEqual([made.existed, found.existed, found.key], [false, true, made.key]);
});
