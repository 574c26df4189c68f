import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, liveTensors, manualSeed, noGrad, scope } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { type DecodeOnOptions, decodeOn } from './decode-on.js';
import { filledCache, referenceReplies, type TestDecoder, testDecoder } from './testing.js';

const SEED = freshSeed();
const GPU = cuda().count > 0;
const LENGTHS = [[13], [5, 13, 1], [40, 40, 7, 23, 31]];

function replies(decoder: TestDecoder, filled: ReturnType<typeof filledCache>, o: Omit<DecodeOnOptions, 'accept'>) {
  const rows = filled.start.ids.map((): number[] => []);
  const way = decodeOn(decoder, filled.cache, filled.start, {
    ...o,
    accept: (ids) => {
      for (const [b, id] of ids.entries()) rows[b]!.push(id);
      return true;
    },
  });
  return { rows, way };
}

function inScope(body: () => void): void {
  const before = liveTensors();
  manualSeed(SEED);
  noGrad(() => scope(body));
  assert.equal(liveTensors(), before, 'live tensors');
}

for (const device of GPU ? ['cpu', 'cuda:0'] : ['cpu']) {
  test(`the static cache gives the tokens of the growing one: ${device} (seed ${SEED})`, () => {
    inScope(() => {
      const decoder = testDecoder({}, device);
      for (const lengths of LENGTHS)
        for (const o of [{}, { repetitionPenalty: 1.4 }]) {
          const steps = 21;
          const [a, b] = [filledCache(decoder, lengths, steps), filledCache(decoder, lengths, 3)];
          // The same keys and values in both; the second has room for fewer tokens than come.
          for (const [layer, slot] of a.cache.reserve(a.start.length, 0).entries()) {
            const other = b.cache.reserve(a.start.length, 0)[layer]!;
            for (const part of ['k', 'v'] as const)
              other[part].narrow(2, 0, a.start.length).copy_(slot[part].narrow(2, 0, a.start.length));
          }
          const wanted = referenceReplies(decoder, a, steps, o);
          const got = replies(decoder, { ...b, start: a.start }, { ...o, maxSteps: steps });
          assert.deepEqual(got.way, { kernels: 'plain', cudaGraph: device !== 'cpu' });
          assert.deepEqual(got.rows, wanted, JSON.stringify({ lengths, o }));
          assert.equal(b.cache.length, a.start.length + steps);
          a.cache.dispose();
          b.cache.dispose();
        }
    });
  });

  test(`draws are those of the seed, row by row alike, and end when told: ${device}`, () => {
    inScope(() => {
      const decoder = testDecoder({}, device);
      const filled = filledCache(decoder, [9], 40);
      const restart = () => filled.cache.rewind(filled.start.length);
      const draw = (seed: number) => {
        const { rows } = replies(decoder, filled, { maxSteps: 20, temperature: 1.5, topK: 50, topP: 0.9, seed });
        restart();
        return rows[0]!;
      };
      assert.deepEqual(draw(3), draw(3));
      assert.notDeepEqual(draw(3), draw(4));
      let heard = 0;
      decodeOn(decoder, filled.cache, filled.start, { maxSteps: 30, accept: () => ++heard < 11 });
      assert.equal(heard, 11);
      assert.equal(filled.cache.length, filled.start.length + 11);
      filled.cache.dispose();
    });
  });
}
