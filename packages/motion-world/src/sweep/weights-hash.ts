import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '@motion-enhancer/support';

/** sha256 of a checkpoint's weights, wherever the folder lies. */
export function weightsHash(dir: string): string {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith('.safetensors'))
    .sort();
  if (files.length === 1) return hashFile(join(dir, files[0]!));
  const hash = createHash('sha256');
  for (const name of files) hash.update(`${name} ${hashFile(join(dir, name))}\n`);
  return hash.digest('hex');
}
