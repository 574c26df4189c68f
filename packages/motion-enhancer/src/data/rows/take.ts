import { randomSource } from '@motion-enhancer/support';

/** How many of a data set's rows are taken; all without either. */
export interface Take {
  percent?: number;
  count?: number;
}

/**
 * Places of the rows that are taken of `total`, in the file's order: drawn without replacement, and where more are asked
 * for than there are, all of them as often as they fit and the rest drawn.
 */
export function takePlaces(total: number, { percent, count }: Take, seed: number): number[] {
  const wanted = count ?? (percent === undefined ? total : Math.floor((total * percent) / 100));
  const all = Array.from({ length: total }, (_, i) => i);
  if (total === 0 || wanted === total) return all;
  const whole = Array.from({ length: Math.floor(wanted / total) }, () => all).flat();
  return [...whole, ...draw(all, wanted % total, seed)];
}

/** Fisher–Yates, stopped early. */
function draw(all: readonly number[], count: number, seed: number): number[] {
  const random = randomSource(seed);
  const places = [...all];
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (places.length - i));
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places.slice(0, count).sort((a, b) => a - b);
}
