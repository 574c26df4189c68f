import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tokenizerError } from './tokenizer-error.js';

/** Largest tokenizer file that is read; Qwen's tokenizer.json has 7–11 MB. */
const MAX_BYTES = 256 * 1024 * 1024;

export function readTokenizerFile(dir: string, name: string): Buffer {
  const file = join(dir, name);
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_BYTES) throw new RangeError(`it has ${bytes.length} bytes`);
    return bytes;
  } catch (cause) {
    throw tokenizerError(file, `Expected a readable tokenizer file: ${(cause as Error).message}`, undefined, cause);
  }
}

/** The JSON object in `dir/name`. @throws UserError ERR_TOKENIZER if it is missing, broken or not an object. */
export function readTokenizerJson(dir: string, name: string): Record<string, unknown> {
  const file = join(dir, name);
  const text = readTokenizerFile(dir, name).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw tokenizerError(
      file,
      `Expected JSON but received ${text.length} characters that do not parse`,
      undefined,
      cause,
    );
  }
  if (!isObject(value)) throw tokenizerError(file, `Expected a JSON object but received ${shown(value)}`);
  return value;
}

export function readOptionalJson(dir: string, name: string): Record<string, unknown> | undefined {
  return existsSync(join(dir, name)) ? readTokenizerJson(dir, name) : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
