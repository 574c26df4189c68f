import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PARTS } from './parts/index.js';

/** Files that parts of networks read where they stand. */
const READ_WHERE_PRESENT = [
  'goldens/qwen25vl_processing.json',
  'goldens/tokens_qwen2.json',
  'goldens/internvl_frames.json',
];

/** What a reference folder holds that no part reads, such as models of families that we do not have. */
export function uncheckedIn(dir: string): string[] {
  const known = [...PARTS.flatMap(({ needs, goldens = [] }) => [...needs, ...goldens]), ...READ_WHERE_PRESENT];
  const folders = new Set(known.map((path) => path.split('/')[0]!));
  const listed = (folder: string) => readdirSync(join(dir, folder), { withFileTypes: true });
  return listed('')
    .filter(({ name }) => !name.endsWith('.md') && !name.startsWith('.'))
    .flatMap((entry) => {
      if (!folders.has(entry.name)) return [entry.name];
      if (entry.name !== 'goldens' || !entry.isDirectory()) return [];
      return listed('goldens')
        .map(({ name }) => `goldens/${name}`)
        .filter((path) => !known.includes(path));
    })
    .toSorted();
}
