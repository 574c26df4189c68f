import type { BadRow, TakenSet } from '@motion-enhancer/core/internal/data/rows.js';

/** So many malformed rows are reported one by one; the run's folder has all of them. */
const MAX_REPORTED = 10;

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
      .slice(0, MAX_REPORTED)
      .map(({ line, reason, file }) => `row ${line}${file ? ` of ${file}` : ''} is left out: ${reason}`),
    ...(bad.length > MAX_REPORTED ? [`${bad.length - MAX_REPORTED} more malformed rows are left out`] : []),
  ];
}
