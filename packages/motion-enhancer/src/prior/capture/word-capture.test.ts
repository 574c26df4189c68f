import assert from 'node:assert/strict';
import { Generator, randn, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed } from '@motion-enhancer/support/testing';
import { correlation } from '../selection/correlation.js';
import type { LayerAttention, Scores } from './layer-attention.js';
import { WordCapture, type WordCaptureOptions, type WordMapsByDirection } from './word-capture.js';

const SEED = freshSeed();
const generator = new Generator(SEED);
const grid = { frames: 2, height: 2, width: 3, textTokens: 4 };
const [T, S, H, D] = [4, 12, 3, 5];
const BASE = {
  ...({ device: 'cpu', dtype: 'float64' } as const),
  directions: ['text-to-video', 'video-to-text'],
  agreement: false,
} as const satisfies WordCaptureOptions;

const draw = (...shape: number[]) => randn(shape, { generator, dtype: 'float64' });

/** The whole map, and what a capture is given of it. */
function attend(q_BHND: Tensor, k_BHND: Tensor): { map: Tensor; scores: Scores } {
  const raw = q_BHND.matmul(k_BHND.transpose(-2, -1)).div(Math.sqrt(q_BHND.size(-1)));
  const lse = raw.logsumexp(-1);
  return { map: raw.softmax(-1), scores: { q_BHND, k_BHND, ownLse_BHN: lse, lse_BHN: lse } };
}

const joint = (scores: Scores): LayerAttention => ({ kind: 'joint', joint: scores });

tensorTest(
  `joint attention: both directions are parts of the whole map, by layer and clip; passes are compared (seed ${SEED})`,
  () => {
    const [clips, layers, passes] = [2, 2, 3];
    const textRows = [0, 2, 3];
    const capture = new WordCapture(H, grid, { ...BASE, clips, groups: layers, agreement: true, textRows });
    const made = Array.from({ length: passes }, (_, pass) =>
      Array.from({ length: layers }, (_, layer) => {
        const { map, scores } = attend(draw(clips, H, T + S, D), draw(clips, H, T + S, D));
        capture.add(joint(scores), layer, pass);
        return map;
      }),
    );
    for (const [clip, found] of capture.finish().entries()) {
      for (let layer = 0; layer < layers; layer++)
        for (const row of textRows) {
          const of = (numbers: readonly number[], part: (map: Tensor) => Tensor) =>
            numbers
              .map((pass) => part(made[pass]![layer]!.select(0, clip)))
              .reduce((a, b) => a.add(b))
              .div(numbers.length);
          const told = (map: Tensor) => map.select(1, row).narrow(1, T, S); // A[text, video]
          const telling = (map: Tensor) => map.select(2, row).narrow(1, T, S); // A[video, text]
          const at = (x: Tensor) => x.narrow(0, layer * H, H).select(1, textRows.indexOf(row));
          closeTo(at(found['text-to-video']!.maps_HTS), of([0, 1, 2], told), 1e-12);
          closeTo(at(found['video-to-text']!.maps_HTS), of([0, 1, 2], telling), 1e-12);
          const single = (pass: number) => telling(made[pass]![layer]!.select(0, clip));
          const r = [
            correlation(single(0), single(1)),
            correlation(single(0), single(2)),
            correlation(single(1), single(2)),
          ];
          const mean = r.reduce((a, b) => a.add(b)).div(3);
          closeTo(at(found['video-to-text']!.agreement_HT!), mean, 1e-9);
        }
    }
    capture.dispose();
  },
);

tensorTest(`cross-attention has one direction: the share of each place that a token has (seed ${SEED})`, () => {
  const capture = new WordCapture(H, grid, BASE);
  const cross = attend(draw(1, H, S, D), draw(1, H, T, D));
  const self = attend(draw(1, H, S, D), draw(1, H, S, D));
  capture.add({ kind: 'self-cross', self: self.scores, cross: cross.scores }, 0, 0);
  const [found] = capture.finish() as [WordMapsByDirection];
  for (const direction of BASE.directions)
    closeTo(found[direction]!.maps_HTS, cross.map.select(0, 0).transpose(1, 2), 1e-12, direction);
  capture.dispose();
});

tensorTest('even attention gives even maps; planted attention is where it was planted', () => {
  const capture = new WordCapture(1, grid, BASE);
  const even = attend(
    zeros([1, 1, T + S, T + S], { dtype: 'float64' }),
    zeros([1, 1, T + S, T + S], { dtype: 'float64' }),
  );
  capture.add(joint(even.scores), 0, 0);
  const [flat] = capture.finish() as [WordMapsByDirection];
  for (const direction of BASE.directions)
    closeTo(flat[direction]!.maps_HTS, Array<number>(T * S).fill(1 / (T + S)), 1e-12);
  capture.dispose();

  // Token 1 looks at place 7, and place 2 looks at token 1.
  const planted = new WordCapture(1, grid, BASE);
  const [q, k] = [0, 1].map(() => zeros([1, 1, T + S, 2], { dtype: 'float64' })) as [Tensor, Tensor];
  const set = (x: Tensor, token: number, axis: number) =>
    x.select(0, 0).select(0, 0).select(0, token).narrow(0, axis, 1).add_(20);
  set(q, 1, 0);
  set(k, T + 7, 0);
  set(q, T + 2, 1);
  set(k, 1, 1);
  planted.add(joint(attend(q, k).scores), 0, 0);
  const [found] = planted.finish() as [WordMapsByDirection];
  const of = (direction: 'text-to-video' | 'video-to-text') =>
    found[direction]!.maps_HTS.select(0, 0).select(0, 1).toArray();
  assert.equal(of('text-to-video').indexOf(Math.max(...of('text-to-video'))), 7);
  assert.equal(of('video-to-text').indexOf(Math.max(...of('video-to-text'))), 2);
  assert.ok(of('text-to-video')[7]! > 0.99 && of('video-to-text')[2]! > 0.99);
  planted.dispose();
});

tensorTest(
  `layers that are averaged together are compared as one map a pass; an even map agrees with none (seed ${SEED})`,
  () => {
    const capture = new WordCapture(H, grid, { ...BASE, agreement: true });
    const passes = [0, 1].map((pass) =>
      [0, 1, 2]
        .map(() => {
          const { map, scores } = attend(draw(1, H, T + S, D), draw(1, H, T + S, D));
          capture.add(joint(scores), 0, pass);
          return map.select(0, 0).narrow(1, 0, T).narrow(2, T, S);
        })
        .reduce((a, b) => a.add(b)),
    );
    const [found] = capture.finish() as [WordMapsByDirection];
    closeTo(found['text-to-video']!.agreement_HT!, correlation(passes[0]!, passes[1]!), 1e-9);
    capture.dispose();

    const even = new WordCapture(H, grid, { ...BASE, agreement: true });
    const nothing = zeros([1, H, T + S, D], { dtype: 'float64' });
    for (const pass of [0, 1, 2]) even.add(joint(attend(nothing, nothing).scores), 0, pass);
    const agreement = even.finish()[0]!['text-to-video']!.agreement_HT!;
    assert.ok(agreement.abs().max().item() < 1e-6);
    even.dispose();
  },
);
