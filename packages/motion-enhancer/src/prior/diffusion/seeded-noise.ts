import { Generator, randn, scope, type Tensor } from '@motion-enhancer/libtorch';

/** Runs `body` with a generator of a seed. */
export function withSeed<T>(seed: number, body: (generator: Generator) => T): T {
  const generator = new Generator(seed);
  try {
    return body(generator);
  } finally {
    generator.dispose();
  }
}

/** Seeded noise of a shape; it is drawn on the CPU, so that a seed means the same on every device. */
export function seededNoise(shape: readonly number[], seed: number, like: Tensor): Tensor {
  return withSeed(seed, (generator) => scope(() => randn(shape, { generator }).to(like.dtype, like.device)));
}
