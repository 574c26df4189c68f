import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@motion-enhancer/support';
import { AnswersFile } from './answers-file.js';
import { readAnswers, readRunAnswers } from './read-answers.js';
import { checkSame, openRun, readRun } from './run-settings.js';

/**
 * Puts the shards of a run, each from a folder of its own, together.
 * @returns answers in all, questions that have none yet, and lines of the shards that were damaged and left out
 * @throws UserError ERR_RUN naming the setting in which two shards differ
 */
export function mergeRuns(dirs: readonly string[], out: string): { answers: number; left: number; damaged: number } {
  const [first, ...others] = dirs;
  if (first === undefined || others.length === 0)
    throw new UserError(`Expected at least two folders for merge but received ${dirs.length}.`, { code: 'ERR_VALUE' });
  const run = readRun(first);
  for (const dir of others) checkSame(first, run, readRun(dir));
  openRun(out, run);
  const there = readAnswers(out);
  let damaged = 0;
  const file = new AnswersFile(out, '');
  try {
    for (const dir of dirs) {
      const found = readRunAnswers(dir);
      damaged += found.damaged;
      const fresh = [...found.answers.values()].filter(({ id, error }) => {
        const known = there.get(id);
        return !known || (known.error && !error);
      });
      file.append(fresh);
      for (const record of fresh) there.set(record.id, record);
      const pictures = join(dir, 'frames');
      if (existsSync(pictures)) cpSync(pictures, join(out, 'frames'), { recursive: true });
    }
  } finally {
    file.close();
  }
  return { answers: there.size, left: Math.max(0, run.data.questions - there.size), damaged };
}
