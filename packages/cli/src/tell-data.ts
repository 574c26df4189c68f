import type { BadRow, TakenSet } from '@motion-enhancer/core/internal/data/rows.js';

/** Malformed rows that are told one by one; all of them stand in the run's folder. */
const TOLD = 10;

/** The fields of a data set that are not used, in a line; null where all are. */
export function unusedFields({ name, unused }: Pick<TakenSet, 'name' | 'unused'>): string | null {
  const fields = Object.entries(unused ?? {}).map(
    ([field, rows]) => `${field} (${rows} ${rows === 1 ? 'row' : 'rows'})`,
  );
  return fields.length === 0 ? null : `data ${name}: fields that are not used: ${fields.join(', ')}`;
}

/** What a mixture is made of, and which rows are malformed, a line each. */
export function tellData(sets: readonly TakenSet[], bad: readonly BadRow[]): string[] {
  return [
    ...sets.map(
      ({ name, path, rows, malformed, untagged, ids }) =>
        `data ${name} (${path}): ${ids.length} of ${rows} rows` +
        `${malformed > 0 ? `, ${malformed} malformed` : ''}${untagged > 0 ? `, in ${untagged} media stand before the question for want of a tag` : ''}`,
    ),
    ...sets.flatMap((set) => unusedFields(set) ?? []),
    ...bad
      .slice(0, TOLD)
      .map(({ line, reason, file }) => `row ${line}${file ? ` of ${file}` : ''} is left out: ${reason}`),
    ...(bad.length > TOLD ? [`${bad.length - TOLD} more malformed rows are left out`] : []),
  ];
}
