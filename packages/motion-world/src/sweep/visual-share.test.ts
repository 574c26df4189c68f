import assert from 'node:assert/strict';
import { join } from 'node:path';
import { disposeSample, prepareSample } from '@motion-enhancer/core/internal/train/data/prepared-sample.js';
import { PriorIndex } from '@motion-enhancer/core/internal/train/data/prior-index.js';
import { meanRowSum } from '@motion-enhancer/core/internal/train/loss/row-sum.js';
import { row, testRecipe, writePrior } from '@motion-enhancer/core/internal/train/testing.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { scope } from '@motion-enhancer/libtorch';
import { closeTo, leakFree } from '@motion-enhancer/libtorch/testing';
import type { Qwen25VL } from '@motion-enhancer/models';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { makeClip } from '../generate/index.js';
import { TINY, worldTokenizer } from '../testing.js';
import { writeNewMiniVlm } from '../vlm/new-checkpoint.js';
import { captionTurn, DESCRIBE } from '../vlm/samples.js';
import { worldData } from '../vlm/world-data.js';
import { writeClips } from '../write-clips.js';
import { visualShare } from './visual-share.js';

leakFree('train --prior-scale share measures the same number on the same samples and words', async () => {
  const dir = temporaryFolder();
  writeNewMiniVlm(join(dir, 'vlm'), worldTokenizer(), { seed: 1, sizes: TINY });
  const clips = [0, 1].map((n) => makeClip('train', n));
  await writeClips(join(dir, 'clips'), clips);
  const rows = clips.map(({ id, caption }) => {
    const turns = [
      { role: 'user' as const, content: DESCRIBE },
      { role: 'assistant' as const, content: caption },
    ];
    return row(id, { video: join(dir, 'clips', 'videos', `${id}.mov`), turns });
  });
  const grid = { frames: 8, height: 4, width: 4 };
  for (const [n, { id, caption }] of clips.entries())
    writePrior(join(dir, 'priors'), id, { text: caption, grid, key: `${n}` });
  const index = new PriorIndex(join(dir, 'priors'), 4096);
  const recipe = testRecipe({ words: 'all', fps: 8, maxPixels: 4096 });
  const vlm = loadVlm(join(dir, 'vlm'), { device: 'cpu', dtype: 'float32' });
  const { config } = vlm.model as Qwen25VL;
  const range = { split: 'train', form: 'world', from: 0, count: clips.length } as const;
  const data = await worldData(
    [range],
    (texts) => texts.map(({ caption }, clip) => ({ clip, turns: [captionTurn(caption)], type: '', answer: -1 })),
    { config, tokenizer: vlm.tokenizer, device: 'cpu' },
  );
  try {
    for (const n of clips.keys()) {
      const item = await prepareSample(vlm, rows[n]!, recipe, index);
      const tokens = item.prior!.words;
      const theirIds = scope(() => data.samples.ids_NL.select(0, n).toArray().map(Number));
      assert.deepEqual(theirIds.slice(0, item.chat.ids.length), item.chat.ids);
      disposeSample(item);
      assert.ok(tokens.length > 5 && tokens.every((list) => list.length === 1), 'words of one token');
      const words = tokens.map((list) => ({
        text: '',
        tokens: list,
        rows: 'both' as const,
        captionWords: [],
        role: 'other' as const,
        object: null,
      }));
      const samples = clips.map((_, clip) => ({ clip, words: clip === n ? words : [], mover: [] }));
      const theirs = visualShare(vlm.model as Qwen25VL, data, samples, 'float32');
      const ours = await meanRowSum({ vlm, rows, order: [n], recipe, index });
      assert.ok(theirs > 0 && theirs < 1);
      closeTo([ours], [theirs], 1e-5);
    }
  } finally {
    data.dispose();
    vlm.dispose();
  }
});
