/** How many of `n` a share keeps: ceil(ratio · n), at least one; the small number keeps rounding from adding one (0.55 · 900). */
export const topCount = (n: number, ratio: number): number => Math.min(n, Math.max(1, Math.ceil(ratio * n - 1e-9)));
