import { resolve } from 'node:path';

/** What runs are called beside each other: their folders' names, with as many of those above as tell all of them apart. */
export function runNames(dirs: readonly string[]): string[] {
  const parts = dirs.map((dir) => resolve(dir).split(/[\\/]/).filter(Boolean));
  const named = (count: number) => parts.map((names) => names.slice(-count).join('/'));
  const maxParts = Math.max(1, ...parts.map(({ length }) => length));
  return parts.map((_, i) => {
    for (let count = 1; count < maxParts; count++) {
      const names = named(count);
      const same = names.flatMap((name, j) => (name === names[i] && dirs[j] !== dirs[i] ? [j] : []));
      if (same.length === 0) return names[i]!;
    }
    return named(maxParts)[i]!;
  });
}
