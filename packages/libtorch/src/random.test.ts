import assert from 'node:assert/strict';
import { Generator, manualSeed, rand, randint, randn, rngState, scope, setRngState } from './index.js';
import { leakFree } from './testing/leak-free.js';

leakFree('a generator continues bit for bit from its saved state', () => {
  scope(() => {
    const generator = new Generator(5);
    // An odd count: the normal sampler may keep a cached value.
    randn([7], { generator });
    const state = generator.state();
    const expected = [
      randn([33], { generator }).toArray(),
      rand([5], { generator }).toArray(),
      randint(0, 1000, [9], { generator }).toArray(),
    ];
    const other = new Generator(99);
    other.setState(state);
    assert.deepEqual(
      [
        randn([33], { generator: other }).toArray(),
        rand([5], { generator: other }).toArray(),
        randint(0, 1000, [9], { generator: other }).toArray(),
      ],
      expected,
    );
    generator.dispose();
    other.dispose();
    other.dispose();
    assert.throws(() => randn([1], { generator }));
  });
});

leakFree('seeds decide, generators and the default stream are independent', () => {
  scope(() => {
    const draw = (seed: number | bigint) => {
      const generator = new Generator(seed);
      const values = randn([4], { generator }).toArray();
      generator.dispose();
      return values;
    };
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
    assert.deepEqual(draw(2n ** 53n), draw(2n ** 53n));
    manualSeed(3);
    const state = rngState();
    const a = randn([4]).toArray();
    draw(8);
    const b = randn([4]).toArray();
    setRngState(state);
    assert.deepEqual([randn([4]).toArray(), randn([4]).toArray()], [a, b]);
    const many = randn([20_000]);
    assert.ok(Math.abs(many.mean().item()) < 0.05 && Math.abs(many.std().item() - 1) < 0.05);
    const uniform = rand([10_000]);
    assert.ok(uniform.min().item() >= 0 && uniform.max().item() < 1);
    const whole = randint(3, 6, [1000]);
    assert.deepEqual([whole.min().item(), whole.max().item(), whole.dtype], [3, 5, 'int64']);
  });
});
