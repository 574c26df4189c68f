import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@motion-enhancer/support';

/** Lies in an exported checkpoint and says whose it is. */
export const EXPORT_MARK = 'motion-enhancer.json';

/** What marks a run's checkpoint as its own. */
export const exportMark = (run: string): string => `${JSON.stringify({ madeBy: 'motion-enhancer train', run })}\n`;

/**
 * Asks before the first step whether RUN/checkpoint may be written at the end: nothing lies there, or what this same run
 * exported before.
 * @param run the run's name, of `runName`, where it goes on; null where one is to begin
 * @param base folder of the model that is trained
 * @throws UserError ERR_RUN
 */
export function checkExportTarget(out: string, run: string | null, base: string): void {
  const target = join(out, 'checkpoint');
  if (!existsSync(target)) return;
  if (existsSync(base) && realpathSync(base) === realpathSync(target))
    throw refused(target, 'is the model that is to be trained: it would be replaced by what becomes of it');
  let names: string[];
  try {
    names = readdirSync(target);
  } catch {
    throw refused(target, 'is no folder, and the trained model would have no place');
  }
  if (names.length > 0 && (run === null || runOf(target) !== run))
    throw refused(target, 'holds files that this run did not make');
}

function runOf(target: string): string | null {
  try {
    return (JSON.parse(readFileSync(join(target, EXPORT_MARK), 'utf8')) as { run?: string }).run ?? null;
  } catch {
    return null;
  }
}

const refused = (target: string, why: string) =>
  new UserError(`${target} ${why}. Give another --out, or move it away.`, { code: 'ERR_RUN' });
