import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture } from '@motion-enhancer/support/testing';
import { describeClip, makeClip } from './clip.js';
import { viewAt } from './render.js';
import { DIRECTIONS } from './vocabulary.js';

const world = 'moving-camera';
const N = 3000;
const clips = Array.from({ length: N }, (_, index) => describeClip('train', index, { world }));
const asked = clips.filter(({ scene }) => scene.family !== 'camera');

/** Within four standard errors of a share. */
function near(count: number, of: number, share: number, what: string): void {
  const error = Math.sqrt((share * (1 - share)) / of);
  assert.ok(Math.abs(count / of - share) < 4 * error, `${what}: ${count} of ${of}, expected ${share}`);
}

const GOLDEN = fixture('world/clips-moving-camera.json');

test('clips of the moving world are the same bits as ever (to accept changes: UPDATE_GOLDEN=1)', () => {
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const all = (['train', 'validation', 'test', 'pretrain'] as const).map((split) => {
    const clip = makeClip(split, 4, { world });
    return [clip.id, sha256(clip.frames), sha256(clip.masks), clip.caption, clip.questions.map((q) => q.text)];
  });
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, `${JSON.stringify(all, null, 2)}\n`);
  assert.deepEqual(all, JSON.parse(readFileSync(GOLDEN, 'utf8')));
});

test('a clip has the objects and motions that it has in the still world, and another name', () => {
  for (let index = 0; index < 200; index++) {
    const [still, moving] = [describeClip('test', index), describeClip('test', index, { world })];
    assert.deepEqual(moving.scene.objects, still.scene.objects);
    assert.equal(moving.scene.mover, still.scene.mover);
    assert.deepEqual([still.scene.world, moving.scene.world], [undefined, world]);
    assert.equal(moving.id, still.id.replace('test-', 'test-moving-camera-'));
    assert.ok(moving.scene.camera.kind !== 'still');
  }
  const { scene } = describeClip('pretrain', 5, { form: 'static', world });
  assert.deepEqual([scene.camera.kind, scene.scenery], ['still', undefined], 'asked where things are');
});

test('how the camera moves is drawn alike whether or not something moves', () => {
  for (const kind of ['pan', 'zoom', 'shake'] as const) {
    for (const moves of [true, false]) {
      const mine = asked.filter(({ scene }) => (scene.mover !== null) === moves);
      near(
        mine.filter(({ scene }) => scene.camera.kind === kind).length,
        mine.length,
        kind === 'pan' ? 0.4 : 0.3,
        `${kind}, ${moves}`,
      );
    }
  }
});

test('captions and questions say how the camera pans or zooms; nothing calls a shaking one still', () => {
  let asks = 0;
  for (const { caption, questions, scene } of clips) {
    const { kind, direction, zoomChange } = scene.camera;
    const said = / camera (\w+ \w+(?: \w+)?)/.exec(caption)?.[1] ?? null;
    const way = DIRECTIONS[direction]!.name;
    if (kind === 'pan') assert.ok(said?.startsWith(`pans ${way}`), caption);
    if (kind === 'zoom') assert.ok(said?.startsWith(zoomChange > 0 ? 'zooms in' : 'zooms out'), caption);
    if (kind === 'shake') assert.equal(said, null);
    for (const { type, options, answer } of questions) {
      if (type !== 'CM') continue;
      asks++;
      assert.deepEqual([kind, options[answer]], ['pan', `it pans ${way}`]);
      assert.ok(scene.camera.zoom === 0, 'enlarged, places would tell');
    }
  }
  near(asks, N, 0.1, 'as many questions about the camera as in the still world');
});

test('answers are balanced as in the still world', () => {
  for (const type of ['MR', 'LM', 'AO', 'RC', 'MO', 'CM'] as const) {
    const questions = clips.flatMap((clip) => clip.questions.filter((q) => q.type === type));
    const offered = new Map<string, [right: number, all: number]>();
    for (const { options, answer } of questions) {
      options.forEach((option, i) => {
        const [right, all] = offered.get(option) ?? [0, 0];
        offered.set(option, [right + (i === answer ? 1 : 0), all + 1]);
      });
    }
    for (const [option, [right, all]] of offered) near(right, all, 0.25, `${type}, ${option}`);
  }
});

test('what is nearer goes further in a pan, all alike in a zoom or a shake', () => {
  for (const { scene } of clips.slice(0, 300)) {
    const { camera, scenery } = scene;
    const { parallax } = camera;
    if (!parallax) {
      assert.ok(camera.kind !== 'pan');
      continue;
    }
    const depths = [parallax.background, ...scenery!.map((thing) => thing.parallax), ...parallax.objects];
    assert.deepEqual(
      depths,
      [...depths].sort((a, b) => a - b),
    );
    const gone = depths.map((depth) => {
      const [from, to] = [viewAt(camera, 0, depth), viewAt(camera, 1, depth)];
      return Math.abs(to.panX - from.panX) + Math.abs(to.panY - from.panY);
    });
    assert.ok(gone.at(-1)! > gone[0]! + 3, `${gone}`);
  }
});

test('a mover is seen about as often as in the still world', () => {
  const seen = (of: 'still-camera' | 'moving-camera') => {
    let [often, all] = [0, 0];
    for (let index = 0; index < 60; index++) {
      const { scene, masks } = makeClip('train', index, { world: of });
      if (scene.mover === null) continue;
      for (let t = 0; t < 16; t++, all++)
        if (masks.subarray(t * 4096, (t + 1) * 4096).filter((label) => label === scene.mover! + 1).length >= 40)
          often++;
    }
    return often / all;
  };
  const [still, moving] = [seen('still-camera'), seen('moving-camera')];
  assert.ok(still > 0.9 && moving > 0.85, `${still} ${moving}`);
});
