import { cat, type Tensor } from '@motion-enhancer/libtorch';

/**
 * The tokens of text and of video, each worked on with its kind of modulation, put together again. Text stands first.
 * @param work gets how to take a kind's tokens of a tensor, and its row of a modulation [B, 2, width] in x's type
 */
export function byKind(
  { shape: [, N], dtype }: Tensor,
  textTokens: number,
  work: (part: (x: Tensor) => Tensor, kind: (m_B2D: Tensor) => Tensor) => Tensor,
): Tensor {
  const one = (start: number, count: number, kind: number) =>
    work(
      (x) => x.narrow(1, start, count),
      (m) => m.narrow(1, kind, 1).to(dtype),
    );
  if (textTokens === 0) return one(0, N!, 0);
  return cat([one(0, textTokens, 1), one(textTokens, N! - textTokens, 0)], 1);
}
