import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that is gone when the process ends. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'motion-enhancer-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
