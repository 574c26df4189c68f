import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { liveTensors, noGrad, openSafetensors, scope } from '@motion-enhancer/libtorch';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { describeClip } from '../generate/index.js';
import { writeVdm } from '../vdm/checkpoint.js';
import { freePart, startParts } from '../vdm/parts.js';
import { TINY_VDM } from '../vdm/sizes.js';
import { writeWorldTokenizer } from '../vdm/tokenizer.js';
import { selectArm } from './arms.js';
import { eachClip } from './each-batch.js';
import { findingsText } from './findings-text.js';
import { chooseFixedHeads, localise } from './localise.js';
import { writeWorldPriors } from './write-world-priors.js';

test('a file of priors holds what each clip’s arms select, whatever the batches; localise measures the same maps', async () => {
  const before = liveTensors();
  const dir = temporaryFolder();
  const { vocabSize } = writeWorldTokenizer(join(dir, 'tokenizer'));
  const parts = startParts({ ...TINY_VDM, vocabSize }, 9, 'cpu');
  writeVdm(dir, parts, 'random');
  for (const part of Object.values(parts)) freePart(part);
  const vdm = await loadVdm(dir, { device: 'cpu', dtype: 'float32' });
  const pass = { steps: 3, guidance: 6, last: 1, seed: 0, frames: 8, size: 32, onClip: () => {} };
  const indices = [7, 8, 9];
  const fixed = chooseFixedHeads(vdm, { ...pass, batch: 2, indices: [0, 1] });
  const path = join(dir, 'priors.safetensors');
  const arms = ['mhs-x-all', 'fixed-r-last'];
  const o = { ...pass, split: 'train' as const, indices, headRatio: 0.5, wordRatio: 0.5, fixed };
  writeWorldPriors(path, vdm, { ...o, batch: 2, arms });

  scope(() => {
    const file = openSafetensors(path);
    const words = file.read('words').toArray();
    assert.deepEqual(
      words,
      indices.map((index) => describeClip('train', index).captionWords.length),
    );
    assert.deepEqual([file.metadata.split, file.metadata.first], ['train', '7']);
    let row = 0;
    eachClip(vdm, { ...o, batch: 1 }, (_clip, maps, place, named) => {
      const arm = { name: arms[1]!, stream: 'R', steps: 'last', pick: 'fixed' } as const;
      const { rows_WFHW, words: kept } = selectArm(maps, place, arm, named, { fixedHeads: fixed });
      const [F, H] = [rows_WFHW.size(1), rows_WFHW.size(2)];
      const mine = rows_WFHW.reshape(named.length, F, H / 2, 2, H / 2, 2).mean([3, 5]);
      const scale = file.read(`scale.${arm.name}`).narrow(0, row, named.length).reshape(-1, 1, 1, 1);
      const theirs = file.read(`maps.${arm.name}`).narrow(0, row, named.length).to('float32').div(255).mul(scale);
      assert.ok(theirs.sub(mine).abs().max().item() < 0.01 * mine.max().item());
      assert.deepEqual(
        file.read(`kept.${arm.name}`).narrow(0, row, named.length).toArray(),
        kept.map((word) => (word.kept ? 1 : 0)),
      );
      row += named.length;
    });
    file.close();
  });

  const tagged = join(dir, 'tagged.safetensors');
  writeWorldPriors(tagged, vdm, {
    ...o,
    indices: [7],
    headRatio: 0.25,
    batch: 1,
    arms: arms.slice(0, 1),
    tag: 'keep25',
  });
  const file = openSafetensors(tagged);
  assert.deepEqual(
    [[...file.tensors.keys()].sort(), file.metadata.headRatio],
    [['kept.mhs-x-all@keep25', 'maps.mhs-x-all@keep25', 'scale.mhs-x-all@keep25', 'words'], '0.25'],
  );
  file.close();
  assert.throws(
    () => writeWorldPriors(tagged, vdm, { ...o, batch: 1, arms: ['mhs'] }),
    /mhs-x-all.* but received "mhs"/,
  );

  const found = noGrad(() => localise(vdm, fixed, { ...o, batch: 3, split: 'test', indices: [0, 1, 2, 3] }));
  assert.ok(found.clips > 0);
  for (const { mover } of found.arms.values()) {
    assert.ok(mover.n >= found.clips);
    // Random weights: near uniform.
    assert.ok(mover.mean > 0.5 && mover.mean < 2, `${mover.mean}`);
  }
  const text = findingsText(found, 'random');
  assert.match(text, /UNTRAINED random weights/);
  assert.match(text, /\| mhs-x-all \| [\d.]+ ± /);
  vdm.dispose();
  assert.equal(liveTensors(), before);
});
