/**
 * A row of a reconstruction step's batch: the reconstruction x or the inverted latents R of the same noise level, each
 * with the empty text and with the sample's. 0 x·empty, 1 x·text, 2 R·empty, 3 R·text.
 */
export type Row = 0 | 1 | 2 | 3;
export const ROWS: readonly Row[] = [0, 1, 2, 3];
export const isX = (row: Row): boolean => row < 2;
export const hasText = (row: Row): boolean => row % 2 === 1;

/** The rows that one step has to compute. */
export interface StepRows {
  /** In batch order: x rows, then the R rows whose keys they attend to, in the same order, then other R rows. */
  rows: readonly Row[];
  /** How many of them are x rows. */
  x: number;
  /** Whether x is taken to the next level, which needs both texts; otherwise the step is run for its attention alone. */
  advances: boolean;
}

/**
 * What each step must compute, and no more: x is stepped only while someone still looks at it, x rows need the R rows of
 * their text, and R needs nothing. (So the attention of R alone costs one row instead of four, and a last step that is only
 * looked at costs two.)
 * @param captured the rows whose attention is wanted of each step
 * @param outcome whether the reconstruction itself is wanted
 */
export function planSteps(captured: readonly (readonly Row[])[], outcome: boolean): StepRows[] {
  const lastLookedAt = captured.findLastIndex((rows) => rows.some(isX));
  return captured.map((rows, step) => {
    const advances = outcome || step < lastLookedAt;
    const wanted = new Set<Row>([...(advances ? ([0, 1] as const) : []), ...rows]);
    const xRows = ROWS.filter((row) => isX(row) && wanted.has(row));
    const partners = xRows.map((row) => (row + 2) as Row);
    const others = ROWS.filter((row) => !isX(row) && wanted.has(row) && !partners.includes(row));
    return { rows: [...xRows, ...partners, ...others], x: xRows.length, advances };
  });
}
