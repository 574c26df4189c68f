/** Size of one image or video in patches: frame pairs, rows, columns. */
export type Grid = readonly [t: number, h: number, w: number];

export function patchCount([t, h, w]: Grid): number {
  return t * h * w;
}

/** Tokens of the language model. */
export function tokenCount(grid: Grid, spatialMergeSize: number): number {
  return patchCount(grid) / spatialMergeSize ** 2;
}
