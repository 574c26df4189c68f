import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assertRegularFile, UserError } from '@motion-enhancer/support';
import { utf8Text } from '../../data/rows/utf8.js';
import type { BadRow } from '../../data/rows.js';
import type { LoadedBenchmark } from './question.js';

/**
 * The first of some files that is in the folder; the folder itself where it is a file.
 * @throws UserError ERR_DATA saying what was looked for
 */
export function findFile(data: string, names: readonly string[], benchmark: string): string {
  if (!existsSync(data))
    throw new UserError(`There is no folder ${data}. Check --data: it is the folder of ${benchmark} as published.`, {
      code: 'ERR_DATA',
    });
  if (!statSync(data).isDirectory()) return data;
  const found = names.map((name) => join(data, name)).find((path) => existsSync(path));
  if (found) return found;
  const there = readdirSync(data).slice(0, 8).join(', ') || 'nothing';
  throw new UserError(
    `Expected ${names.join(' or ')} in ${data} for ${benchmark} but received ${there}. Give the folder of ${benchmark} as its authors publish it, or the file itself.`,
    { code: 'ERR_DATA' },
  );
}

/** @throws UserError ERR_DATA */
export function readJsonFile(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(
      `The file ${path} is not valid JSON: ${(cause as Error).message}. Fetch it again; its download may be incomplete.`,
      { code: 'ERR_DATA', cause },
    );
  }
}

/** Lines of a JSON lines file; what is no JSON is kept apart. @throws UserError ERR_DATA when it cannot be read */
export function readJsonLines(path: string): { line: number; value?: unknown; reason?: string }[] {
  return readText(path)
    .split('\n')
    .flatMap((text, i): { line: number; value?: unknown; reason?: string }[] => {
      if (text.trim() === '') return [];
      try {
        return [{ line: i + 1, value: JSON.parse(text) as unknown }];
      } catch {
        return [{ line: i + 1, reason: 'not valid JSON' }];
      }
    });
}

/** @throws UserError ERR_DATA for what cannot be read or is not UTF-8: other characters would be asked than are there */
export function readText(path: string): string {
  return utf8Text(path, readBytes(path));
}

function readBytes(path: string): Buffer {
  const refuse = (problem: string, remedy: string) =>
    new UserError(`The file ${path} cannot be read: ${problem}. ${remedy}`, { code: 'ERR_DATA' });
  assertRegularFile(path, refuse);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UserError(`The file ${path} cannot be read: ${(cause as Error).message}. Check --data.`, {
      code: 'ERR_DATA',
      cause,
    });
  }
}

/** Collects rows as they are read: malformed ones and repeated ids are reported, and the rest is read. */
export class RowCollector {
  readonly questions: LoadedBenchmark['questions'] = [];
  readonly bad: BadRow[] = [];
  readonly counts: Record<string, number> = {};
  readonly #ids = new Map<string, number>();

  /** Published rows are counted before anything else of them is read. */
  count(type: string): void {
    this.counts[type] = (this.counts[type] ?? 0) + 1;
  }

  /** @param make the questions of a row */
  add(line: number, make: () => LoadedBenchmark['questions']): void {
    let made: LoadedBenchmark['questions'];
    try {
      made = make();
    } catch (error) {
      this.bad.push({ line, reason: (error as Error).message });
      return;
    }
    for (const question of made) {
      const before = this.#ids.get(question.id);
      if (before !== undefined) {
        this.bad.push({ line, reason: `its id ${question.id} is that of row ${before} too` });
        continue;
      }
      this.#ids.set(question.id, line);
      this.questions.push(question);
    }
  }

  /** @throws UserError ERR_DATA when nothing is left */
  end(benchmark: LoadedBenchmark['benchmark'], split: string, file: string): LoadedBenchmark {
    const { questions, bad, counts } = this;
    if (questions.length === 0) {
      const first = bad[0] ? ` The first: row ${bad[0].line}, ${bad[0].reason}.` : '';
      throw new UserError(
        `The file ${file} has no usable question of ${benchmark} (${split}; ${bad.length} rows are malformed).${first} Check --data and --split.`,
        { code: 'ERR_DATA' },
      );
    }
    return { benchmark, split, file, questions, bad, counts, notes: [] };
  }
}
