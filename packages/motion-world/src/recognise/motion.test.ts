import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { DIRECTIONS, describeClip, makeClip } from '../generate/index.js';
import { scoredMotion, seenMotion } from './motion.js';
import { recognise } from './recognise.js';
import type { Thing } from './thing.js';

const seed = freshSeed();
const random = randomSource(seed);

const at = (x: number, y: number, area = 200): Thing => ({ xs: [], ys: [], area, x, y, atEdge: false });
const wrap = (x: number) => ((x % 64) + 64) % 64;

test(`the direction of a slide from anywhere, round the edges of the world, with frames missing (TEST_SEED=${seed})`, () => {
  DIRECTIONS.forEach(({ x, y }, direction) => {
    for (let k = 0; k < 10; k++) {
      const [x0, y0, far] = [64 * random.next(), 64 * random.next(), 13 + 17 * random.next()];
      const things = Array.from({ length: 16 }, (_, t) =>
        t % 5 === 2 ? null : at(wrap(x0 + (x * far * t) / 15), wrap(y0 + (y * far * t) / 15)),
      );
      assert.deepEqual(seenMotion('slide', things, 64), { kind: 'slide', direction });
    }
  });
});

test('what stays goes nowhere and does not grow; what is not seen first or last is unknown', () => {
  const still = Array.from({ length: 16 }, (_, t) => at(63.5 + (t % 2), 20, 200 + (t % 3)));
  const wrapped = still.map((thing) => ({ ...thing, x: wrap(thing.x) }));
  assert.deepEqual(seenMotion('slide', wrapped, 64), { kind: 'slide', direction: 'none' });
  assert.deepEqual(seenMotion('resize', wrapped, 64), { kind: 'resize', way: 'none' });
  assert.equal(seenMotion('slide', [null, null, null, null, ...still.slice(4)], 64), null);
  assert.equal(seenMotion('resize', [...still.slice(4), null, null, null, null], 64), null);
  const grows = Array.from({ length: 16 }, (_, t) => at(20, 20, 100 * Math.exp((0.9 * t) / 15)));
  assert.deepEqual(seenMotion('resize', grows, 64), { kind: 'resize', way: 'grows' });
  assert.deepEqual(seenMotion('resize', grows.toReversed(), 64), { kind: 'resize', way: 'shrinks' });
});

test('which captions are scored', () => {
  for (let index = 0; index < 400; index++) {
    const { caption, scene } = describeClip('pretrain', index, { form: 'single' });
    const said = scoredMotion(scene);
    const slides = caption.split('slides').length - 1;
    if (slides === 1) assert.equal(said?.kind === 'slide' && said.direction !== 'none', true, caption);
    else if (/grows|shrinks/.test(caption))
      assert.match(caption, new RegExp(said?.kind === 'resize' ? said.way : '^$'));
    else assert.equal(said, null, caption);
    if (said?.kind === 'slide')
      assert.match(caption, new RegExp(`slides ${DIRECTIONS[said.direction as number]!.name}( and|\\.)`));
  }
});

test(`a clip that runs backwards does the opposite (TEST_SEED=${seed})`, () => {
  let checked = 0;
  for (let index = random.below(1e6); checked < 12; index++) {
    const { scene } = describeClip('train', index, { form: 'single' });
    if (scene.family !== 'slide' && scene.family !== 'grow') continue;
    if (scene.objects[0]!.colour === 'white') continue;
    const { frames } = makeClip('train', index, { form: 'single' });
    const per = frames.length / 16;
    const backwards = new Uint8Array(frames.length);
    for (let t = 0; t < 16; t++) backwards.set(frames.subarray(t * per, (t + 1) * per), (15 - t) * per);
    const seen = recognise(backwards, 64, scene).motion;
    const said = scoredMotion(scene)!;
    if (said.kind === 'slide') {
      const [a, b] = [said, seen].map((m) => DIRECTIONS[(m as { direction: number }).direction]!);
      assert.ok(Math.abs(a!.x + b!.x) + Math.abs(a!.y + b!.y) < 1e-9, JSON.stringify({ said, seen }));
    } else assert.deepEqual(seen, { kind: 'resize', way: 'shrinks' });
    checked++;
  }
});
