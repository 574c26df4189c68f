import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { liveTensors, scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import type { Row } from '../../data/rows.js';
import { disposeChat } from '../../vlm/chat/chat.js';
import { loadVlm } from '../../vlm/families/load.js';
import { BROKEN_VIDEO, OTHER_VIDEO, row, seen, TEXT, testRecipe, VIDEO, writePrior, writeTestVlm } from '../testing.js';
import { batches, type DataPlace, disposeSample } from './batch.js';
import { learnedChat } from './learned-chat.js';
import { PriorIndex } from './prior-index.js';
import { mediaReaders } from './read-media.js';

const dir = temporaryFolder();
const vlm = loadVlm(writeTestVlm(join(dir, 'vlm')), { device: 'cpu', dtype: 'float32' });
after(() => vlm.dispose());
const recipe = testRecipe();
const IMAGE = fixture('images/made_444.jpg');

/** Batches of `sizes`, as lists of ids; everything is freed. */
async function drawn(rows: Row[], order: number[], sizes: number[], index: PriorIndex | null = null) {
  const warnings: string[] = [];
  const next = batches({ vlm, rows, order, recipe, index, onWarning: (message) => warnings.push(message) });
  const ids: string[][] = [];
  const aligned: boolean[][] = [];
  try {
    for (const size of sizes) {
      const items = await next(size);
      ids.push(items.map((item) => item.row.id));
      aligned.push(items.map((item) => item.prior !== null));
      items.forEach(disposeSample);
    }
  } finally {
    await next.close();
  }
  return { ids, aligned, warnings, broken: [...next.broken] };
}

leakFree('samples come in the order asked for, with their priors', async () => {
  const priors = join(dir, 'priors');
  writePrior(priors, 'b', { video: seen(OTHER_VIDEO) });
  const rows = [row('a'), row('b', { video: OTHER_VIDEO }), row('c')];
  const got = await drawn(rows, [2, 0, 1, 1], [1, 2, 1], new PriorIndex(priors, 64));
  assert.deepEqual(got.ids, [['c'], ['a', 'b'], ['b']]);
  assert.deepEqual(got.aligned, [[false], [false, true], [true]]);
  assert.deepEqual(got.warnings, []);
});

leakFree('a sample that was prepared ahead and is not wanted any more is freed', async () => {
  assert.deepEqual((await drawn([row('a'), row('b')], [0, 1, 0, 1], [1])).ids, [['a']]);
});

leakFree('a row that cannot be used is told once and replaced', async () => {
  const rows = [
    row('a'),
    row('sound', { video: BROKEN_VIDEO }),
    row('gone', { video: join(dir, 'gone.mp4') }),
    row('mute', { turns: [{ role: 'assistant', content: 'No question.' }] }),
  ];
  const got = await drawn(rows, [0, 1, 2, 3, 0, 1, 2, 3], [2, 1, 1]);
  assert.deepEqual(got.ids, [['a', 'a'], ['a'], ['a']]);
  assert.deepEqual(
    got.warnings.map((message) => message.split(' ')[1]),
    ['sound', 'gone', 'mute'],
  );
  assert.deepEqual(got.broken, [1, 2, 3]);
});

leakFree('threads give what this thread gives, in the same order, broken rows told alike', async () => {
  const pool = mediaReaders(vlm, 2, 4);
  try {
    const rows = [
      row('a'),
      row('sound', { video: BROKEN_VIDEO }),
      row('b', { video: OTHER_VIDEO }),
      row('part', { media: [{ type: 'video', path: VIDEO, start: 0.1, end: 0.6 }] }),
      row('both', {
        media: [
          { type: 'image', path: IMAGE },
          { type: 'video', path: VIDEO },
        ],
      }),
      row('frames', { media: [{ type: 'video', paths: [IMAGE, IMAGE] }] }),
      row('text', { media: [], video: '' }),
    ];
    const order = [6, 5, 4, 3, 2, 1, 0];
    const results = [];
    for (const read of [undefined, pool.read]) {
      const warnings: string[] = [];
      const next = batches({ vlm, rows, order, recipe, index: null, read, onWarning: (told) => warnings.push(told) });
      const items = await next(6);
      results.push({
        ids: items.map((item) => item.row.id),
        tokens: items.map(({ chat }) => chat.ids),
        pixels: items.map(({ chat }) => chat.inputs.map(({ pixels }) => scope(() => pixels.flatten().toArray()))),
        warnings,
      });
      items.forEach(disposeSample);
      await next.close();
    }
    assert.deepEqual(results[0]!.ids, ['text', 'frames', 'both', 'part', 'b', 'a']);
    assert.deepEqual(
      results[0]!.pixels.map((media) => media.length),
      [0, 1, 2, 1, 1, 1],
    );
    assert.deepEqual(results[1], results[0]);
  } finally {
    await pool.close();
  }
});

leakFree(
  'steps of alike work: nothing is lost, each step is alike, a run that goes on has the same order',
  async () => {
    const long = (times: number) =>
      row(`long${times}`, {
        turns: [
          { role: 'user', content: 'What?' },
          { role: 'assistant', content: TEXT.repeat(times) },
        ],
      });
    const times = [9, 1, 5, 2, 8, 3, 7, 4, 6];
    const rows = [...times.map(long), row('gone', { video: join(dir, 'gone.mp4') })];
    const order = [0, 1, 2, 9, 3, 4, 5, 6, 7, 8, 0, 1, 2];
    const sorted = testRecipe({ batchSize: 2, lengthWindow: 3 });
    const given: { ids: number[]; where: DataPlace }[] = [];
    const draw = async (steps: number, start?: DataPlace) => {
      const next = batches({ vlm, rows, order, recipe: sorted, index: null, ...(start ? { start } : {}) });
      const found = [];
      for (let i = 0; i < steps; i++) {
        const items = await next(2);
        found.push({ ids: items.map((item) => Number(item.row.id.slice(4))), where: next.where() });
        items.forEach(disposeSample);
      }
      await next.close();
      return found;
    };
    given.push(...(await draw(6)));
    const ids = given.map((step) => step.ids);
    assert.deepEqual(
      ids.flat().toSorted((a, b) => a - b),
      [...times, 9, 1, 5].toSorted((a, b) => a - b),
    );
    const first = ids.slice(0, 3).toSorted((a, b) => a[0]! - b[0]!);
    assert.deepEqual(
      first,
      [
        [1, 2],
        [3, 5],
        [8, 9],
      ],
      'neighbours in length make a step',
    );
    for (let done = 1; done < 6; done++)
      assert.deepEqual(
        (await draw(6 - done, given[done - 1]!.where)).map((step) => step.ids),
        ids.slice(done),
        `after ${done}`,
      );
  },
);

leakFree('a damaged prior leaves its row out, and nothing behind', async () => {
  const priors = join(dir, 'damaged');
  const info = writePrior(priors, 'b', { video: seen(OTHER_VIDEO) });
  const index = new PriorIndex(priors, 64);
  writeFileSync(join(priors, `${info.key}.safetensors`), 'no longer');
  const got = await drawn([row('a'), row('b', { video: OTHER_VIDEO })], [1, 0], [1], index);
  assert.deepEqual(got.ids, [['a']]);
  assert.match(got.warnings.join(), /row b .*\.safetensors/);
});

leakFree('when no row can be used, that is an error', async () => {
  const rows = ['x', 'y'].map((id) => row(id, { video: BROKEN_VIDEO }));
  await assert.rejects(drawn(rows, [0, 1], [2]), {
    name: 'UserError',
    code: 'ERR_DATA',
    message: /None of the 2 rows can be used/,
  });
});

leakFree('a short run that asks for broken rows alone ends, and does not replace them for ever', async () => {
  const rows = [row('a'), row('b'), ...['x', 'y'].map((id) => row(id, { video: BROKEN_VIDEO }))];
  await assert.rejects(drawn(rows, [2, 3], [2]), {
    name: 'UserError',
    code: 'ERR_DATA',
    message: /None of the 2 rows that this run asks for can be used \(there are 4\)/,
  });
});

leakFree('a defect is not taken for a broken row, and frees what the batch had', async () => {
  const defect = row('d');
  Object.defineProperty(defect, 'turns', {
    get() {
      throw new TypeError('a defect');
    },
  });
  await assert.rejects(drawn([row('a'), defect], [0, 1], [2]), { name: 'TypeError' });
});

leakFree(
  'a conversation of several turns: every answer is learned, the video stands in the first question',
  async () => {
    const before = liveTensors();
    const turns: Row['turns'] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What jumps?' },
      { role: 'assistant', content: TEXT },
      { role: 'user', content: 'And then?' },
      { role: 'assistant', content: 'It rests.' },
      { role: 'user', content: 'Never answered?' },
    ];
    const sample = await learnedChat(vlm, row('a', { turns }), recipe);
    const { tokenizer } = vlm;
    assert.equal(
      tokenizer.decode(sample.labels.filter((label) => label !== -100)),
      `${TEXT}<|im_end|>\nIt rests.<|im_end|>\n`,
    );
    assert.equal(
      sample.text,
      `<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<|vision_start|><|video_pad|><|vision_end|>What jumps?<|im_end|>\n<|im_start|>assistant\n${TEXT}<|im_end|>\n<|im_start|>user\nAnd then?<|im_end|>\n<|im_start|>assistant\nIt rests.<|im_end|>\n`,
    );
    disposeChat(sample);
    assert.equal(liveTensors(), before);
  },
);
