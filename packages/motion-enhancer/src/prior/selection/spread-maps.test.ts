import assert from 'node:assert/strict';
import { cat, eye, Generator, rand, randn, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed } from '@motion-enhancer/support/testing';
import { SpreadCapture } from '../capture/spread-capture.js';
import { spreadMaps } from './spread-maps.js';

const SEED = freshSeed();
const generator = new Generator(SEED);
const grid = { frames: 2, height: 2, width: 3, textTokens: 4 };
const [T, S, H, D] = [4, 12, 3, 5];
const draw = (...shape: number[]) => randn(shape, { generator, dtype: 'float64' });
/** More maps than a head is wide: they go through in parts. */
const maps = () => rand([7, S], { generator, dtype: 'float64' });

/** Whole softmax map over own keys and those of a memory, and scores as captures take them. */
function attend(q_BHND: Tensor, k_BHND: Tensor, memory: Tensor | null = null) {
  const scores = (k: Tensor) => q_BHND.matmul(k.transpose(-2, -1)).div(Math.sqrt(q_BHND.size(-1)));
  const own = scores(k_BHND);
  const all = memory ? scores(cat([k_BHND, memory], 2)) : own;
  const ownLse_BHN = own.logsumexp(-1);
  const map = all.softmax(-1).narrow(3, 0, k_BHND.size(2));
  return { map, scores: { q_BHND, k_BHND, ownLse_BHN, lse_BHN: memory ? all.logsumexp(-1) : ownLse_BHN } };
}

tensorTest(
  `m ← A m, twice, as with whole maps: the mean over heads and passes, not normalised again (seed ${SEED})`,
  () => {
    for (const kind of ['joint', 'joint with memory', 'self-cross'] as const) {
      const capture = new SpreadCapture(grid);
      const N = kind === 'self-cross' ? S : T + S;
      const made = [0, 1].map(() => {
        const { map, scores } = attend(
          draw(2, H, N, D),
          draw(2, H, N, D),
          kind === 'joint with memory' ? draw(2, H, 6, D) : null,
        );
        capture.add(kind === 'self-cross' ? { kind, self: scores, cross: scores } : { kind: 'joint', joint: scores });
        return map
          .narrow(2, N - S, S)
          .narrow(3, N - S, S)
          .mean(1); // [clips, S, S]
      });
      const passes = capture.finish();
      capture.dispose();
      const rows = maps();
      for (const clip of [0, 1]) {
        const A = made[0]!.add(made[1]!).div(2).select(0, clip);
        const expected = A.matmul(A.matmul(rows.transpose(0, 1))).transpose(0, 1);
        closeTo(spreadMaps(rows, { passes, clip, times: 2 }), expected, 1e-12, `${kind}, clip ${clip}`);
      }
    }
  },
);

tensorTest('attention of each place to itself leaves maps as they are; even attention makes them even', () => {
  const own = attend(
    eye(S, S, { dtype: 'float64' }).mul(200).expand(1, 1, S, S),
    eye(S, S, { dtype: 'float64' }).expand(1, 1, S, S),
  );
  const through = (scores: (typeof own)['scores'], rows: Tensor, times: number) => {
    const capture = new SpreadCapture(grid);
    capture.add({
      kind: scores.k_BHND.size(2) === S ? 'self-cross' : 'joint',
      self: scores,
      cross: scores,
      joint: scores,
    } as never);
    const spread = spreadMaps(rows, { passes: capture.finish(), clip: 0, times });
    capture.dispose();
    return spread;
  };
  const rows = maps();
  closeTo(through(own.scores, rows, 3), rows, 1e-12);
  const even = attend(zeros([1, 2, T + S, D], { dtype: 'float64' }), zeros([1, 2, T + S, D], { dtype: 'float64' }));
  // Text has its share of the attention: T of T + S keys.
  closeTo(
    through(even.scores, rows, 1),
    rows
      .sum(1, true)
      .div(T + S)
      .expand(7, S),
    1e-12,
  );
  assert.throws(() => spreadMaps(rows, { passes: [], clip: 0, times: 1 }), /No attention was captured/);
});
