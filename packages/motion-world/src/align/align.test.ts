import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { loadQwen2Tokenizer, type Qwen25VLConfig, readQwen25VLConfig, type Tokenizer } from '@motion-enhancer/models';
import { freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { describeClip, makeClip } from '../generate/index.js';
import { PLAIN } from '../sweep/condition.js';
import { worldTokenizer } from '../testing.js';
import { clipLayout } from '../vlm/layout.js';
import { miniConfig, miniFiles } from '../vlm/mini-config.js';
import { openTurn } from '../vlm/samples.js';
import { alignedWords } from './aligned-words.js';
import { alignmentTable } from './alignment-table.js';
import { type ConditionMaps, conditionMaps, type PriorMaps } from './maps-of-condition.js';
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
  const seen = { thing: 0, moves: 0, named: 0, motion: 0, camera: 0, still: 0, predict: 0 };
  for (let i = 0; i < 300; i++) {
    const clip = describeClip('train', random.below(1e6));
    for (const question of clip.questions) {
      const turn = openTurn({ ...question, question: question.stem });
      const { ids } = layout.of([turn]);
      const words = alignedWords(clip, question, layout);
      for (const word of words) {
        assert.ok(word.tokens.every((token) => token >= layout.visual[1]));
        const at = word.rows === 'predict' ? 1 : 0;
        const said = tokenizer.decode(word.tokens.map((token) => ids[token + at]!)).trim();
        assert.ok(said === word.text || (word.role === 'motion' && `${said}s` === word.text), `${said}, ${word.text}`);
        if (word.rows === 'predict') {
          seen.predict++;
          assert.ok(turn.reply.includes(said));
          continue;
        }
        const meant = word.captionWords.map((c) => clip.captionWords[c]!);
        if (word.text === 'thing' || word.text === 'moves') {
          seen[word.text]++;
          assert.ok(turn.prompt.includes(word.text) && word.rows === 'both');
          assert.ok(meant.every(({ role }) => role === (word.text === 'thing' ? 'mover' : 'motion')));
          assert.equal(word.object, clip.scene.mover);
          continue;
        }
        assert.deepEqual(
          meant.map(({ text }) => text),
          [word.text],
        );
        if (word.role === 'mover' || word.role === 'static') {
          seen[word.role === 'mover' ? 'named' : 'still']++;
          const object = clip.scene.objects[word.object!]!;
          assert.ok([object.colour, object.shape].includes(word.text as never));
        } else seen[word.role === 'motion' ? 'motion' : 'camera']++;
      }
      if (question.subject === 'thing') assert.ok(words.some(({ text }) => text === 'thing'));
      const twice = words.filter(({ rows }) => rows === 'token').length;
      assert.equal(words.filter(({ rows }) => rows === 'predict').length, twice);
    }
  }
  // Static objects are named by no question of the world: a right answer names the mover.
  const { still, ...others } = seen;
  assert.equal(still, 0);
  for (const [kind, count] of Object.entries(others)) assert.ok(count > 0, `no word of kind ${kind}`);
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
      {
        text: 'red',
        tokens: [150 + clip],
        captionWords: [0],
        role: 'mover' as const,
        object: 0,
        rows: 'both' as const,
      },
      {
        text: 'thing',
        tokens: [150, 160],
        captionWords: [0, 1],
        role: 'mover' as const,
        object: 0,
        rows: 'both' as const,
      },
      { text: 'left', tokens: [155], captionWords: [2], role: 'motion' as const, object: 0, rows: 'token' as const },
    ].slice(0, clip === 3 ? 1 : 3),
    mover: [0, 1],
  }));
  const prior: PriorMaps = {
    map: (clip, word) => (clip === 2 && word === 2 ? null : Float32Array.of(clip, word, 1)),
    kept: (_, word) => word === 2,
  };
  const grid = { frames: 1, height: 1, width: 3 };
  const arm = (settings: Partial<ConditionMaps>): ConditionMaps => ({ ...PLAIN, scale: 'raw', ...settings });
  const own = conditionMaps(samples, prior, arm({}), grid);
  assert.deepEqual(
    own[1]!.map((map) => map && [...map]),
    [
      [1, 0, 1],
      [1, 0.5, 1],
      [1, 2, 1],
    ],
  );
  assert.equal(own[2]![2], null);
  const kept = conditionMaps(samples, prior, arm({ words: 'kept', scale: 2 }), grid);
  assert.deepEqual(
    kept[1]!.map((map) => map && [...map]),
    [null, null, [0.5, 1, 0.5]],
  );
  const other = conditionMaps(samples, prior, arm({ of: 'other' }), grid, seed);
  other.forEach((words, s) => {
    words.forEach((map, w) => {
      assert.equal(map === null, own[s]![w] === null, 'the control aligns the same words');
      if (map) assert.ok(map[0] !== s, 'a clip’s own map in the control');
      if (map && w === 2) assert.equal(map[1], 2, 'a map of another role');
    });
  });
  const table = alignmentTable(samples, [own, kept], grid, 'cpu');
  assert.deepEqual([...table.priors_CNWS.shape], [2, 4, 3, 3]);
  assert.deepEqual(table.words_CNW.select(0, 1).sum(-1).toArray(), [1, 1, 0, 0]);
  assert.deepEqual(table.rows_NQ.select(0, 2).toArray().map(Number), [150, 152, 155, 160]);
  assert.deepEqual(table.share_NWQ.select(0, 2).flatten().toArray(), [0, 1, 0, 0, 0.5, 0, 0, 0.5, 0, 0, 1, 0]);
  assert.deepEqual(table.priors_CNWS.select(0, 1).select(0, 1).select(0, 2).toArray(), [0.5, 1, 0.5]);
  table.dispose();
});
