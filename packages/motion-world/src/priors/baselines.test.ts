import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { liveTensors } from '@motion-enhancer/libtorch';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { makeClip, WORLDS } from '../generate/index.js';
import { writeVdm } from '../vdm/checkpoint.js';
import { freePart, startParts } from '../vdm/parts.js';
import { TINY_VDM } from '../vdm/sizes.js';
import { writeWorldTokenizer } from '../vdm/tokenizer.js';
import { BASELINES, measureBaselines } from './baselines.js';
import { baselinesText } from './baselines-text.js';

test('differences find a mover before a still camera, by any autoencoder, and less before one that moves', async () => {
  const before = liveTensors();
  const dir = temporaryFolder();
  const { vocabSize } = writeWorldTokenizer(join(dir, 'tokenizer'));
  const parts = startParts({ ...TINY_VDM, vocabSize }, 5, 'cpu');
  writeVdm(dir, parts, 'random');
  for (const part of Object.values(parts)) freePart(part);
  const vdm = await loadVdm(dir, { device: 'cpu', dtype: 'float32' });
  const indices = [0, 1, 2, 3, 4, 5];
  const [still, moving] = WORLDS.map((world) => {
    let calls = 0;
    const found = measureBaselines(vdm, { world, split: 'test', indices, onClip: () => calls++ });
    assert.equal(calls, indices.length);
    assert.equal(
      found.clips.get('all'),
      indices.filter((index) => makeClip('test', index).scene.mover !== null).length,
      world,
    );
    const text = baselinesText(found, world);
    for (const name of Object.keys(BASELINES)) assert.match(text, new RegExp(`\\| ${name} \\| all \\| [\\d.]+`));
    return found.found.get('difference')!.get('all')!;
  });
  assert.ok(still!.cosine.get(1)!.mean > 0.7, `${still!.cosine.get(1)!.mean}`);
  assert.ok(moving!.cosine.get(1)!.mean < still!.cosine.get(1)!.mean - 0.15);
  assert.ok(moving!.lift.mean < still!.lift.mean && moving!.divergence.get(1)!.mean > still!.divergence.get(1)!.mean);
  vdm.dispose();
  assert.equal(liveTensors(), before);
});
