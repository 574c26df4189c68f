import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadQwen2Tokenizer, type Qwen25VLConfig, readQwen25VLConfig, type Tokenizer } from '@motion-enhancer/models';
import { freshSeed, randomSource } from '../../testing/random-source.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { tensorTest } from '../../testing/tensor-test.js';
import { describeClip, makeClip } from '../generate/index.js';
import { worldTokenizer } from '../testing.js';
import { clipLayout } from '../vlm/layout.js';
import { miniConfig, miniFiles } from '../vlm/mini-config.js';
import { choiceTurn } from '../vlm/samples.js';
import { alignedWords } from './aligned-words.js';
import { alignmentTable } from './alignment-table.js';
import { armMaps, type PriorMaps } from './maps-of-arm.js';
import { coverage } from './mask-maps.js';

const seed = freshSeed();
const random = randomSource(seed);

function layoutOf(): { layout: ReturnType<typeof clipLayout>; tokenizer: Tokenizer; config: Qwen25VLConfig } {
  const cut = worldTokenizer();
  const dir = temporaryFolder();
  for (const [name, text] of Object.entries(miniFiles(cut))) writeFileSync(join(dir, name), text);
  const tokenizer = loadQwen2Tokenizer(dir);
  const config = readQwen25VLConfig(miniConfig(cut), 'test');
  return { layout: clipLayout(tokenizer, config), tokenizer, config };
}

test(`aligned words stand in the chat where they mean what the caption says (seed ${seed})`, () => {
  const { layout, tokenizer } = layoutOf();
  const seen = { thing: 0, named: 0, motion: 0, camera: 0, still: 0 };
  for (let i = 0; i < 300; i++) {
    const clip = describeClip('train', random.below(1e6));
    for (const question of clip.questions) {
      const { ids } = layout.of([choiceTurn({ ...question, question: question.stem })]);
      const words = alignedWords(clip, question, layout);
      assert.equal(new Set(words.map(({ text }) => text)).size, words.length, 'a word twice');
      for (const word of words) {
        assert.ok(word.tokens.every((token) => token >= layout.visual[1]));
        assert.equal(tokenizer.decode(word.tokens.map((token) => ids[token]!)).trim(), word.text);
        if (word.text === 'thing') {
          seen.thing++;
          assert.equal(question.subject, 'thing');
          assert.deepEqual(
            word.captionWords.map((c) => clip.captionWords[c]!.role),
            ['mover', 'mover'],
          );
          assert.equal(word.object, clip.scene.mover);
          continue;
        }
        assert.deepEqual(
          word.captionWords.map((c) => clip.captionWords[c]!.text),
          [word.text],
        );
        if (word.role === 'mover' || word.role === 'static') {
          seen[word.role === 'mover' ? 'named' : 'still']++;
          const object = clip.scene.objects[word.object!]!;
          assert.ok([object.colour, object.shape].includes(word.text as never));
        } else {
          seen[word.role === 'motion' ? 'motion' : 'camera']++;
          const right = `${'ABCD'[question.answer]}. ${question.options[question.answer]}`;
          assert.ok(`${question.stem} ${right}`.includes(word.text), `${word.text} is in a wrong option only`);
        }
      }
      if (question.subject === 'thing') assert.ok(words.some(({ text }) => text === 'thing'));
      if (question.type === 'MO') assert.equal(words.length, 2 * clip.scene.objects.length);
    }
  }
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > 0, `no word of kind ${kind}`);
});

test('coverage: shares of cells that an object covers; all objects and what is behind them add up to one', () => {
  const clip = makeClip('train', random.below(1e6));
  const grid = { frames: 8, height: 4, width: 4 };
  const maps = clip.scene.objects.map((_, i) => coverage(clip.masks, 0, i, grid));
  const behind = coverage(clip.masks, 0, -1, grid);
  for (let cell = 0; cell < 128; cell++) {
    const sum = maps.reduce((total, map) => total + map[cell]!, behind[cell]!);
    assert.ok(Math.abs(sum - 1) < 1e-6);
  }
  const whole = coverage(clip.masks, 0, 0, { frames: 1, height: 1, width: 1 })[0]!;
  assert.ok(Math.abs(whole - clip.masks.filter((v) => v === 1).length / clip.masks.length) < 1e-6);
});

tensorTest('arms: own maps, those of other clips, kept words, scale; and the table that holds them', () => {
  const samples = [0, 1, 2, 3].map((clip) => ({
    clip,
    words: [
      { text: 'red', tokens: [150 + clip], captionWords: [0], role: 'mover' as const, object: 0 },
      { text: 'thing', tokens: [150, 160], captionWords: [0, 1], role: 'mover' as const, object: 0 },
      { text: 'left', tokens: [155], captionWords: [2], role: 'motion' as const, object: 0 },
    ].slice(0, clip === 3 ? 1 : 3),
  }));
  const prior: PriorMaps = {
    map: (clip, word) => (clip === 2 && word === 2 ? null : Float32Array.of(clip, word, 1)),
    kept: (_, word) => word === 2,
  };
  const own = armMaps(samples, prior, { of: 'own', words: 'all', scale: 'raw' });
  assert.deepEqual(
    own[1]!.map((map) => map && [...map]),
    [
      [1, 0, 1],
      [1, 0.5, 1],
      [1, 2, 1],
    ],
  );
  assert.equal(own[2]![2], null);
  const kept = armMaps(samples, prior, { of: 'own', words: 'kept', scale: 2 });
  assert.deepEqual(
    kept[1]!.map((map) => map && [...map]),
    [null, null, [0.5, 1, 0.5]],
  );
  const other = armMaps(samples, prior, { of: 'other', words: 'all', scale: 'raw' }, seed);
  other.forEach((words, s) => {
    words.forEach((map, w) => {
      assert.equal(map === null, own[s]![w] === null, 'the control aligns the same words');
      if (map) assert.ok(map[0] !== s, 'a clip’s own map in the control');
      if (map && w === 2) assert.equal(map[1], 2, 'a map of another role');
    });
  });
  const grid = { frames: 1, height: 1, width: 3 };
  const table = alignmentTable(samples, [own, kept], grid, 'cpu');
  assert.deepEqual([...table.priors_ANWS.shape], [2, 4, 3, 3]);
  assert.deepEqual(table.words_ANW.select(0, 1).sum(-1).toArray(), [1, 1, 0, 0]);
  assert.deepEqual(table.rows_NQ.select(0, 2).toArray().map(Number), [150, 152, 155, 160]);
  assert.deepEqual(table.share_NWQ.select(0, 2).flatten().toArray(), [0, 1, 0, 0, 0.5, 0, 0, 0.5, 0, 0, 1, 0]);
  assert.deepEqual(table.priors_ANWS.select(0, 1).select(0, 1).select(0, 2).toArray(), [0.5, 1, 0.5]);
  table.dispose();
});
