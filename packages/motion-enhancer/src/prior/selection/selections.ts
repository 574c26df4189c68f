import { readFileSync } from 'node:fs';
import { assertRegularFile, expected, UserError } from '@motion-enhancer/support';
import { checkValue } from '../../config/field.js';
import { PRIOR_FIELDS, type PriorConfig } from '../config.js';
import type { NamedSelection } from '../run-extract.js';

/** Options that may differ between selections of one diffusion pass: what is captured of it, and what is kept. */
export const SELECTION_FIELDS = [
  'stream',
  'half',
  'keys',
  'stepsUsed',
  'squareSum',
  'sampleRows',
  'mask',
  'maskWidth',
  'maskShare',
  'maskSelf',
  'unit',
  'selection',
  'headRatio',
  'headCount',
  'keepHeads',
  'keepAllHeads',
  'subWords',
  'wordRatio',
  'direction',
  'spread',
  'spreadLayer',
] as const satisfies readonly (keyof PriorConfig)[];

/**
 * Named selections of a JSON object `{ "name": { "option": value, … }, … }`, each over the run's own options.
 * @param source the JSON text, or a file of it
 * @throws UserError for what is no such object, an option that needs a pass of its own, or a wrong value
 */
export function readSelections(source: string, base: PriorConfig): NamedSelection[] {
  const given = parse(source.trim().startsWith('{') ? source : readText(source), source);
  return Object.entries(given).map(([name, options]) => {
    if (!/^[\w.-]+$/.test(name)) throw expected('a name of letters, digits, _, . and -', '--selections', name);
    if (!isObject(options)) throw expected('an object of options', `--selections ${name}`, options);
    const config: Record<string, unknown> = { ...base };
    for (const [option, value] of Object.entries(options)) {
      if (!(SELECTION_FIELDS as readonly string[]).includes(option))
        throw expected(
          `one of ${SELECTION_FIELDS.join(', ')}`,
          `--selections ${name}`,
          option,
          Object.hasOwn(PRIOR_FIELDS, option) ? 'The diffusion pass depends on it: run extract again for that.' : '',
        );
      config[option] = checkValue(`${name}.${option}`, PRIOR_FIELDS[option as keyof PriorConfig], value);
    }
    return { name, config: config as PriorConfig };
  });
}

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);

function readText(file: string): string {
  const refuse = (problem: string, cause?: unknown) =>
    new UserError(`Expected a JSON file or a JSON object for --selections but received ${file}: ${problem}.`, {
      code: 'ERR_VALUE',
      cause,
    });
  assertRegularFile(file, (problem, _, cause) => refuse(problem, cause));
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
}

function parse(text: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`Expected JSON for --selections but ${source} is not: ${(error as Error).message}.`, {
      code: 'ERR_VALUE',
      cause: error,
    });
  }
  if (!isObject(value)) throw expected('an object of named selections', '--selections', value);
  return value;
}
