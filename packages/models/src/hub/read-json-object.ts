import { readFileSync } from 'node:fs';
import { UserError } from '@motion-enhancer/support';
import type { RawConfig } from './config-reader.js';

/**
 * A JSON file whose top level is an object.
 * @throws UserError with `code`, naming the file
 */
export function readJsonObject(file: string, code: string): RawConfig {
  return parseJsonObject(readText(file, code), file, code);
}

/** @internal */
export function readText(file: string, code: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing ? 'there is no such file' : `the file cannot be read (${(cause as Error).message})`;
    throw new UserError(`${file}: ${problem}. Check the folder, or download the checkpoint again.`, { code, cause });
  }
}

/** @internal */
export function parseJsonObject(text: string, file: string, code: string): RawConfig {
  const wrong = (problem: string, cause?: unknown) =>
    new UserError(`${file}: ${problem}. Correct the file, or download the checkpoint again.`, { code, cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(`expected JSON (${(cause as Error).message})`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('expected a JSON object');
  return value as RawConfig;
}
