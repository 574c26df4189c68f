import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { WORLDS } from '../generate/index.js';
import { trainedAccuracy } from './classifier.js';
import { examples } from './features.js';
import { runCheck, wilson } from './run-check.js';

const TRAIN = { world: 'still-camera', split: 'train' } as const;

for (const world of WORLDS) {
  tensorTest(`${world}: neither the text nor one frame gives answers away`, () => {
    const rows = runCheck({
      world,
      train: 600,
      test: 600,
      split: 'test',
      steps: 40,
      cheats: ['blind', 'middle frame', 'random frame'],
    });
    for (const { cheat, type, questions, accuracy } of rows) {
      // Four standard errors: one of 36 cheats must not fail by chance.
      const error = Math.sqrt((0.25 * 0.75) / questions);
      assert.ok(accuracy < 0.25 + 4 * error, `${cheat}, ${type}: ${accuracy} of ${questions}`);
    }
  });
}

tensorTest('the same classifier finds what is given away', () => {
  const settings = { steps: 60, hidden: 16, lr: 1e-2, seed: 0 };
  // A world in which the right option stands in the first place.
  const told = (from: number) =>
    examples({ ...TRAIN, first: from, count: 300 }, 'blind').map(({ type, options, answer }) => {
      const others = options.filter((_, i) => i !== answer);
      return {
        type,
        options: options.map((o, i) => withPlace(i === 0 ? options[answer]! : others[i - 1]!, o)),
        answer: 0,
      };
    });
  assert.ok(trainedAccuracy(told(0), told(300), settings) > 0.95);
  // Direction from where a mover ends, in a world that did not repeat: its place and its direction are told.
  const ends = examples({ ...TRAIN, first: 0, count: 400 }, 'last frame').filter(({ type }) => type === 'LM');
  const leaky = ends.map((example) => ({
    ...example,
    options: example.options.map((option, i) => option.map((v, k) => (k === 0 ? Number(i === example.answer) : v))),
  }));
  assert.ok(trainedAccuracy(leaky, leaky, settings) > 0.9);
});

/** The features of an option, with the place of another. */
function withPlace(option: Float32Array, place: Float32Array): Float32Array {
  const copy = option.slice();
  copy.set(place.subarray(place.length - 4), copy.length - 4);
  return copy;
}

test('Wilson’s interval', () => {
  const { low, high } = wilson(0.25, 400);
  assert.ok(Math.abs(low - 0.2101) < 1e-3 && Math.abs(high - 0.2947) < 1e-3, `${low} ${high}`);
});
