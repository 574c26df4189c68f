import { Generator, randn, scope, type Tensor, tensor, zerosLike } from '@motion-enhancer/libtorch';
import { locations, type TokenGrid, videoTokens } from '../grid.js';

/** Query rows drawn without replacement, as many from each frame as can be, in frame order. */
export interface RowSample {
  /** Row numbers among the S video tokens. */
  rows: readonly number[];
  /** How many of them lie in each frame. */
  perFrame: readonly number[];
}

/**
 * A seeded draw of `count` query rows. Frames are strata: attention of one frame's rows is alike, so equal shares make the
 * estimate more exact than a plain draw of the same size.
 */
export function sampleRows(grid: TokenGrid, count: number, seed: number): RowSample {
  const [F, P, S] = [grid.frames, locations(grid), videoTokens(grid)];
  const total = Math.min(count, S);
  const perFrame = Array.from({ length: F }, (_, f) => Math.floor(((f + 1) * total) / F) - Math.floor((f * total) / F));
  const generator = new Generator(seed);
  try {
    const rows = scope(() =>
      perFrame.flatMap((n, f) =>
        shuffled(P, generator)
          .slice(0, n)
          .sort((a, b) => a - b)
          .map((p) => f * P + p),
      ),
    );
    return { rows, perFrame };
  } finally {
    generator.dispose();
  }
}

const shuffled = (n: number, generator: Generator): number[] => randn([n], { generator }).sort(0)[1].toArray();

/**
 * The sum over all S rows of a quantity known at the sampled ones, and its standard error; both unbiased for the draw
 * (stratified, with the finite-population correction: Cochran, Sampling Techniques, 5.3–5.5). A frame with a single
 * row gives no variance of its own: then the spread over all sampled rows stands in for it.
 * @param values_HR [heads, rows]
 * @returns [heads] each
 */
export function estimateSum(values_HR: Tensor, sample: RowSample, grid: TokenGrid): { sum_H: Tensor; error_H: Tensor } {
  return scope(() => {
    const P = locations(grid);
    const values = values_HR.to('float64');
    const pooled = values.size(1) > 1 ? values.std(1).square() : zerosLike(values.select(1, 0));
    let sum = zerosLike(values.select(1, 0));
    let variance = zerosLike(sum);
    let at = 0;
    for (const n of sample.perFrame) {
      // A frame without rows is taken to be like the others.
      const part = n > 0 ? values.narrow(1, at, n) : values;
      sum = sum.add(part.mean(1), P);
      const spread = n > 1 ? part.std(1).square() : pooled;
      variance = variance.add(spread, (P * P * Math.max(0, 1 - n / P)) / Math.max(1, n));
      at += n;
    }
    return { sum_H: sum, error_H: variance.sqrt() };
  });
}

/** int64 [rows] on a device */
export const rowsTensor = (sample: RowSample, device: string): Tensor =>
  tensor([...sample.rows], { dtype: 'int64', device });
