import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSum, writeWhole } from '@motion-enhancer/support';

/** A sample whose prior was made under another sample's name: same video, same text, same options. */
export interface Alias {
  id: string;
  key: string;
}

const ALIASES = 'aliases.jsonl';

/** The aliases of a store, in the order in which they came; one that is damaged, or that a killed process left half, is none. */
export function readAliases(dir: string): Alias[] {
  const path = join(dir, ALIASES);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const { crc32c, ...alias } = JSON.parse(line) as Partial<Alias> & { crc32c?: string };
        const { id, key } = alias;
        // Lines of earlier versions have no sum, and nothing else either.
        const sound = crc32c === undefined ? Object.keys(alias).length === 2 : crc32c === jsonSum(alias);
        return sound && typeof id === 'string' && typeof key === 'string' ? [{ id, key }] : [];
      } catch {
        return [];
      }
    });
}

/** Adds a line; several processes may do so at once. */
export function appendAlias(dir: string, alias: Alias): void {
  const fd = openSync(join(dir, ALIASES), 'a', 0o644);
  try {
    // A line end in front too: the one before may have been cut off by a kill.
    writeWhole(fd, `\n${JSON.stringify({ ...alias, crc32c: jsonSum(alias) })}\n`);
  } finally {
    closeSync(fd);
  }
}
