// What a frame or a text alone could give away is balanced; the trained baselines of `world check` look for the rest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeClip, makeClip, type WorldText } from './clip.js';
import { poseAt } from './pose.js';
import type { QuestionType, WorldQuestion } from './question.js';

const N = 6000;
const clips: WorldText[] = Array.from({ length: N }, (_, index) => describeClip('train', index));
const asked = (type: QuestionType): [WorldQuestion, WorldText][] =>
  clips.flatMap((clip) =>
    clip.questions.filter((q) => q.type === type).map((q) => [q, clip] as [WorldQuestion, WorldText]),
  );

/** Within four standard errors of a share. */
function near(count: number, of: number, share: number, what: string): void {
  const error = Math.sqrt((share * (1 - share)) / of);
  assert.ok(Math.abs(count / of - share) < 4 * error, `${what}: ${count} of ${of}, expected ${share}`);
}

test('three quarters have one mover among two or three objects, the rest a camera that moves; 60 % say "the thing"', () => {
  near(clips.filter(({ scene }) => scene.mover !== null).length, N, 0.75, 'movers');
  for (const { scene } of clips) {
    const moving = scene.objects.filter(({ actions }) => actions.length > 0);
    assert.equal(moving.length, scene.mover === null ? 0 : 1);
    assert.equal(scene.camera.kind === 'still', scene.mover !== null);
    assert.ok(scene.objects.length === 2 || scene.objects.length === 3);
  }
  const questions = clips.flatMap((clip) => clip.questions).filter(({ subject }) => subject !== null);
  near(questions.filter(({ subject }) => subject === 'thing').length, questions.length, 0.6, 'the thing');
});

for (const type of ['MR', 'LM', 'AO', 'RC', 'MO', 'CM'] as const) {
  test(`${type}: places of the answer, answers, and wrong options are alike`, () => {
    const questions = asked(type);
    assert.ok(questions.length > 450, `${questions.length}`);
    for (let place = 0; place < 4; place++)
      near(questions.filter(([q]) => q.answer === place).length, questions.length, 0.25, `place ${place}`);
    // Whenever an option is offered, it is right in a quarter of the cases.
    const offered = new Map<string, [right: number, all: number]>();
    for (const [{ options, answer }] of questions) {
      options.forEach((option, i) => {
        const [right, all] = offered.get(option) ?? [0, 0];
        offered.set(option, [right + (i === answer ? 1 : 0), all + 1]);
      });
    }
    for (const [option, [right, all]] of offered) near(right, all, 0.25, option);
  });
}

test('where the mover is at any moment says nothing of its direction', () => {
  const slides = asked('LM').map(([, { scene }]) => scene.objects[scene.mover!]!);
  const wrap = (x: number) => ((x % 64) + 64) % 64;
  for (const u of [0, 0.5, 1]) {
    for (let direction = 0; direction < 8; direction++) {
      const mine = slides.filter(({ actions }) => actions.some((a) => a.kind === 'slide' && a.direction === direction));
      for (const axis of ['x', 'y'] as const) {
        const low = mine.filter((object) => wrap(poseAt(object, u)[axis]) < 32).length;
        near(low, mine.length, 0.5, `${axis} at ${u}, direction ${direction}`);
      }
    }
  }
});

test('movers pass behind and before others, and masks are what is seen', () => {
  let occluded = 0;
  for (let index = 0; index < 36; index++) {
    const { masks, scene, frames } = makeClip('train', index);
    const areas = Array.from({ length: 16 }, (_, t) =>
      scene.objects.map((_, i) => masks.subarray(t * 4096, (t + 1) * 4096).filter((m) => m === i + 1).length),
    );
    // What is not the camera's doing, and not behind, keeps its area: a change of a static object is occlusion.
    if (scene.mover !== null)
      scene.objects.forEach((_, i) => {
        const mine = areas.map((area) => area[i]!);
        if (i !== scene.mover && Math.max(...mine) - Math.min(...mine) > 20) occluded++;
      });
    assert.equal(frames.length, masks.length * 3);
    assert.ok(Math.max(...masks) <= scene.objects.length);
  }
  assert.ok(occluded >= 3, `${occluded}`);
});

test('only what moves changes between frames', () => {
  for (let index = 0; index < 30; index++) {
    const { frames, scene } = makeClip('validation', index);
    if (scene.mover === null) continue;
    const mover = scene.objects[scene.mover]!;
    /** Within the circle that the mover fills, the shorter way round, and a pixel of soft edge. */
    const near = (t: number, y: number, x: number): boolean => {
      const pose = poseAt(mover, t / 15);
      const along = (d: number) => Math.abs(d - 64 * Math.round(d / 64));
      return Math.hypot(along(x + 0.5 - pose.x), along(y + 0.5 - pose.y)) < 1.27 * pose.radius + 1.5;
    };
    for (let i = 0; i < 15 * 4096; i++) {
      if ([0, 1, 2].every((c) => frames[i * 3 + c] === frames[(i + 4096) * 3 + c])) continue;
      const [t, y, x] = [Math.floor(i / 4096), Math.floor(i / 64) % 64, i % 64];
      assert.ok(near(t, y, x) || near(t + 1, y, x), `clip ${index}, frame ${t}, row ${y}, column ${x}`);
    }
  }
});
