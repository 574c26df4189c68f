import type { BadRow, TakenSet } from '@motion-enhancer/core/internal/data/rows.js';

/** Malformed rows that are told one by one; all of them stand in the run's folder. */
const TOLD = 10;

/** What a mixture is made of, and which rows are malformed, a line each. */
export function tellData(sets: readonly TakenSet[], bad: readonly BadRow[]): string[] {
  return [
    ...sets.map(
      ({ name, path, rows, malformed, untagged, ids }) =>
        `data ${name} (${path}): ${ids.length} of ${rows} rows` +
        `${malformed > 0 ? `, ${malformed} malformed` : ''}${untagged > 0 ? `, in ${untagged} media stand before the question for want of a tag` : ''}`,
    ),
    ...bad
      .slice(0, TOLD)
      .map(({ line, reason, file }) => `row ${line}${file ? ` of ${file}` : ''} is left out: ${reason}`),
    ...(bad.length > TOLD ? [`${bad.length - TOLD} more malformed rows are left out`] : []),
  ];
}
