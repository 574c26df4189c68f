/**
 * The assignment of rows to columns of greatest sum: shortest augmenting paths over dual prices. Among equal sums it
 * chooses as scipy's linear_sum_assignment does, since the metric's matches depend on it.
 * Source: D. F. Crouse, On implementing 2D rectangular assignment algorithms, IEEE TAES 52 (2016).
 * @param gain [rows][columns]
 * @returns pairs [row, column] by row; as many as the smaller side has
 */
export function bestAssignment(gain: readonly ArrayLike<number>[]): [row: number, column: number][] {
  const [rows, columns] = [gain.length, gain[0]?.length ?? 0];
  if (rows === 0 || columns === 0) return [];
  if (columns < rows) {
    const transposed = Array.from({ length: columns }, (_, j) => gain.map((row) => row[j]!));
    return bestAssignment(transposed)
      .map(([column, row]): [number, number] => [row, column])
      .toSorted((a, b) => a[0] - b[0]);
  }
  const state: Assignment = {
    cost: gain.map((row) => Float64Array.from(row, (value) => -value)),
    rowPrice: new Float64Array(rows),
    columnPrice: new Float64Array(columns),
    columnOf: new Int32Array(rows).fill(-1),
    rowOf: new Int32Array(columns).fill(-1),
  };
  for (let row = 0; row < rows; row++) augment(state, row);
  return Array.from(state.columnOf, (column, row) => [row, column]);
}

interface Assignment {
  cost: Float64Array[];
  rowPrice: Float64Array;
  columnPrice: Float64Array;
  columnOf: Int32Array;
  rowOf: Int32Array;
}

/** Gives `start` a column along the cheapest path through the rows assigned so far. */
function augment({ cost, rowPrice, columnPrice, columnOf, rowOf }: Assignment, start: number): void {
  const columns = columnPrice.length;
  const distance = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(columns).fill(-1);
  const reachedRows = [start];
  const reachedColumns: number[] = [];
  // From the last column down: a constant matrix then gives the diagonal.
  const open = Array.from({ length: columns }, (_, k) => columns - 1 - k);
  let lowest = 0;
  let row = start;
  let sink = -1;
  while (sink < 0) {
    let at = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [k, column] of open.entries()) {
      const through = lowest + cost[row]![column]! - rowPrice[row]! - columnPrice[column]!;
      if (through < distance[column]!) {
        distance[column] = through;
        from[column] = row;
      }
      // Among equals a free column ends the search.
      if (distance[column]! < least || (distance[column] === least && rowOf[column] === -1)) {
        least = distance[column]!;
        at = k;
      }
    }
    lowest = least;
    const column = open[at]!;
    reachedColumns.push(column);
    open[at] = open.at(-1)!;
    open.pop();
    if (rowOf[column] === -1) sink = column;
    else {
      row = rowOf[column]!;
      reachedRows.push(row);
    }
  }
  for (const reached of reachedRows)
    rowPrice[reached]! += reached === start ? lowest : lowest - distance[columnOf[reached]!]!;
  for (const column of reachedColumns) columnPrice[column]! -= lowest - distance[column]!;
  for (let column = sink; ; ) {
    const owner = from[column]!;
    rowOf[column] = owner;
    const next = columnOf[owner]!;
    columnOf[owner] = column;
    if (owner === start) return;
    column = next;
  }
}
