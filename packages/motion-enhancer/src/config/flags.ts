import { nearestName, UserError } from '@motion-enhancer/support';
import { checkValue, describe, type Field, type Fields, resolve, type Values } from './field.js';

/** One value of a list's option. */
export interface FlagValue {
  name: string;
  value: string;
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/**
 * Turns `--vdm DIR --steps 5 --no-resume --flag=value rest` into values of the fields and the rest. Options of lists may
 * come several times; `order` has every value of theirs as it came, so that two lists can be read as one.
 */
export function parseFlags<F extends Fields>(
  fields: F,
  argv: readonly string[],
  base: Readonly<Record<string, unknown>> = {},
): { values: Values<F>; rest: string[]; order: FlagValue[] } {
  const byFlag = new Map(Object.keys(fields).map((name) => [kebab(name), name]));
  const given: Record<string, unknown> = { ...base };
  const rest: string[] = [];
  const order: FlagValue[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (!argument.startsWith('--')) {
      rest.push(argument);
      continue;
    }
    const [flag, inline] = splitOnce(argument.slice(2));
    const negated = flag.startsWith('no-') && !byFlag.has(flag);
    const name = byFlag.get(negated ? flag.slice(3) : flag);
    const field = name === undefined ? undefined : fields[name];
    if (!name || !field) {
      throw new UserError(
        `There is no option --${flag}.${didYouMean(nearestName(flag, byFlag.keys()), '--')} --help lists them all.`,
        { code: 'ERR_USAGE' },
      );
    }
    if (field.type === 'boolean') {
      // --no-x=false says x.
      const on = inline === undefined || checkValue(`--${flag}`, field, inline) === true;
      given[name] = on !== negated;
      continue;
    }
    // A value that begins with -- needs the form --flag=value: it is rather the next option.
    const next = inline ?? argv[i + 1];
    const value = inline === undefined && next?.startsWith('--') ? undefined : next;
    if (inline === undefined) i++;
    if (value === undefined || negated)
      throw new UserError(`Expected ${describe(field)} after --${flag} but received nothing.`, { code: 'ERR_USAGE' });
    const checked = checkValue(`--${flag}`, field, value);
    if (field.type !== 'strings' && field.type !== 'paths') {
      given[name] = checked;
      continue;
    }
    // Those of the command line replace a list given before it.
    const earlier = order.filter((item) => item.name === name).map((item) => item.value);
    given[name] = [...earlier, value];
    order.push({ name, value });
  }
  return { values: resolve(fields, given), rest, order };
}

/** Names of the fields that a command line speaks of, values or not; each once, in order. */
export function flagNames(fields: Fields, argv: readonly string[]): string[] {
  const byFlag = new Map(Object.keys(fields).map((name) => [kebab(name), name]));
  const end = argv.indexOf('--');
  const names = argv.slice(0, end < 0 ? undefined : end).flatMap((argument) => {
    if (!argument.startsWith('--')) return [];
    const [flag] = splitOnce(argument.slice(2));
    const name = byFlag.get(flag) ?? (flag.startsWith('no-') ? byFlag.get(flag.slice(3)) : undefined);
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)];
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Help text of a set of fields, one option a paragraph line. */
export function helpText(fields: Fields): string {
  const rows = Object.entries(fields).map(
    ([name, field]) => [`--${kebab(name)}${placeholder(field)}`, explain(field)] as const,
  );
  const width = Math.min(34, Math.max(...rows.map(([flag]) => flag.length)) + 2);
  return rows
    .map(([flag, text]) => `  ${flag.padEnd(width)}${flag.length >= width ? `\n  ${' '.repeat(width)}` : ''}${text}`)
    .join('\n');
}

function placeholder(field: Field): string {
  return {
    integer: ' N',
    number: ' X',
    boolean: '',
    choice: ' NAME',
    path: ' PATH',
    string: ' TEXT',
    paths: ' PATH …',
    strings: ' TEXT …',
  }[field.type];
}

function explain(field: Field): string {
  const notes: string[] = [];
  if (field.type === 'choice') notes.push(field.choices.join(' | '));
  if (field.unit) notes.push(`in ${field.unit}`);
  if (field.type === 'strings' || field.type === 'paths') notes.push('may come several times');
  else if (field.default !== '' && field.default !== null && field.default !== false)
    notes.push(`default ${field.default}`);
  if (field.paper) notes.push(`paper: ${field.paper}`);
  return notes.length > 0 ? `${field.text} (${notes.join('; ')})` : field.text;
}

function didYouMean(guess: string | undefined, prefix: string): string {
  return guess ? ` Did you mean ${prefix}${guess}?` : '';
}
