import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolve } from '@motion-enhancer/core/internal/config/field.js';
import type { VideoFrames } from '@motion-enhancer/core/internal/data/video/index.js';
import { PRIOR_FIELDS } from '@motion-enhancer/core/internal/prior/config.js';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { extract } from '@motion-enhancer/core/internal/prior/extract.js';
import { liveTensors, scope } from '@motion-enhancer/libtorch';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { makeClip } from '../generate/index.js';
import { writeVdm } from '../vdm/checkpoint.js';
import { freePart, startParts } from '../vdm/parts.js';
import { TINY_VDM } from '../vdm/sizes.js';
import { writeWorldTokenizer } from '../vdm/tokenizer.js';
import { ARMS, selectArm } from './arms.js';
import { batchMaps } from './batch-maps.js';
import { clipInputs } from './clip-inputs.js';

test('priors of a batch of clips are those that extract makes of each', async () => {
  const before = liveTensors();
  const dir = temporaryFolder();
  const { vocabSize } = writeWorldTokenizer(join(dir, 'tokenizer'));
  const parts = startParts({ ...TINY_VDM, vocabSize }, 5, 'cpu');
  writeVdm(dir, parts, 'random');
  for (const part of Object.values(parts)) freePart(part);
  const vdm = await loadVdm(dir, { device: 'cpu', dtype: 'float32' });
  const clips = [4, 11].map((index) => makeClip('train', index, { frames: 8, size: 32 }));
  const config = resolve(PRIOR_FIELDS, { frames: 8, height: 32, width: 32, steps: 3, seed: 3, wordRatio: 0.5 });
  const selections = ARMS.filter(({ pick }) => pick !== 'anti-mhs' && pick !== 'fixed').map((arm) => ({
    arm,
    config: {
      ...config,
      stream: arm.stream === 'x' ? ('x' as const) : ('reference' as const),
      stepsUsed: arm.steps === 'all' ? 0 : 2,
      unit: arm.pick === 'focus' || arm.pick === 'change' ? ('layer-head' as const) : ('head' as const),
      selection: arm.pick === 'focus' || arm.pick === 'change' ? arm.pick : ('mhs' as const),
      headCount: arm.pick === 'focus' || arm.pick === 'change' ? 4 : 0,
      headRatio: arm.pick === 'all' ? 1 : 0.5,
    },
  }));
  const batch = scope(() => {
    const { input, words } = clipInputs(vdm, clips, { steps: 3, guidance: 6, last: 2, seed: 3 });
    return { maps: batchMaps(vdm, input), words };
  });
  for (const [i, clip] of clips.entries()) {
    const frames = {
      data: clip.frames,
      width: 32,
      height: 32,
      indices: Array.from({ length: 8 }, (_, t) => t),
    } as unknown as VideoFrames;
    const { others, ...main } = await extract(vdm, frames, clip.caption, config, {
      others: selections.map((s) => s.config),
    });
    scope(() => {
      for (const [s, { arm }] of selections.entries()) {
        const mine = selectArm(batch.maps, i, arm, batch.words[i]!);
        const theirs = others[s]!;
        assert.deepEqual(
          mine.heads.map(({ kept }) => kept),
          theirs.heads.map(({ kept }) => kept),
          `${arm.name} of clip ${i}`,
        );
        const scale = theirs.rows_WFHW.abs().max().item();
        const difference = mine.rows_WFHW.sub(theirs.rows_WFHW).abs().max().item();
        assert.ok(difference < 1e-4 * scale, `${arm.name} of clip ${i}: ${difference} of ${scale}`);
        mine.words.forEach(({ ms }, w) => {
          assert.ok(Math.abs(ms - theirs.words[w]!.ms) < 1e-4 * Math.abs(ms));
        });
      }
    });
    for (const { rows_WFHW, allHeads_WFHW, heads_UWFHW } of [main, ...others])
      for (const tensor of [rows_WFHW, allHeads_WFHW, heads_UWFHW]) tensor?.dispose();
  }
  batch.maps.dispose();
  vdm.dispose();
  assert.equal(liveTensors(), before);
});
