import { expected, nearestName, UserError } from '@motion-enhancer/support';

interface Common<T> {
  /** One line for help texts, docs and forms. */
  text: string;
  default: T;
  unit?: string;
  /** What the paper used, where it says so. */
  paper?: string;
  /** Shown in a group of its own in help texts. */
  group?: string;
}
/** A default of null: the setting may be left out, and its value is then null, which none that is given can be. */
interface NumberField extends Common<number | null> {
  type: 'integer' | 'number';
  min?: number;
  max?: number;
}
interface BooleanField extends Common<boolean> {
  type: 'boolean';
}
interface ChoiceField<C extends string = string> extends Common<C> {
  type: 'choice';
  choices: readonly C[];
}
interface TextField extends Common<string> {
  /** A `path` is text that help texts mark as such; an empty default means "must be given" when `required`. */
  type: 'string' | 'path';
  required?: boolean;
}

/** Texts of one kind, in the order given: on the command line the option may come several times. */
interface ListField extends Common<readonly string[]> {
  type: 'strings' | 'paths';
  required?: boolean;
}

/** A setting, declared once: the command line, YAML files, docs and forms are made of it. */
export type Field = NumberField | BooleanField | ChoiceField | TextField | ListField;
export type Fields = Readonly<Record<string, Field>>;

type Value<F extends Field> = F extends { type: 'choice'; choices: readonly (infer C)[] }
  ? C
  : F extends { type: 'boolean' }
    ? boolean
    : F extends { type: 'integer' | 'number' }
      ? F extends { default: null }
        ? number | null
        : number
      : F extends { type: 'strings' | 'paths' }
        ? readonly string[]
        : string;

/** The values of a set of fields. */
export type Values<F extends Fields> = { -readonly [K in keyof F]: Value<F[K]> };

/**
 * Checks one value, given as text (command line) or as JSON / YAML data.
 * @throws UserError `Expected X for FIELD but received Y.`
 */
export function checkValue(
  name: string,
  field: Field,
  raw: unknown,
): string | number | boolean | null | readonly string[] {
  switch (field.type) {
    case 'integer':
    case 'number': {
      if (raw === null && field.default === null) return null;
      const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = field;
      const ok =
        typeof value === 'number' &&
        Number.isFinite(value) &&
        value >= min &&
        value <= max &&
        (field.type === 'number' || Number.isInteger(value));
      if (!ok) throw expected(describe(field), name, raw);
      return value;
    }
    case 'boolean':
      if (raw === true || raw === 'true') return true;
      if (raw === false || raw === 'false') return false;
      throw expected('true or false', name, raw);
    case 'choice':
      if (typeof raw === 'string' && field.choices.includes(raw)) return raw;
      throw expected(describe(field), name, raw);
    case 'strings':
    case 'paths': {
      const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
      if (list.every((item) => typeof item === 'string')) return list;
      throw expected(describe(field), name, raw);
    }
    default:
      if (typeof raw === 'string') return raw;
      throw expected('a text', name, raw);
  }
}

/** "an integer from 1 to 10", "one of a, b" */
export function describe(field: Field): string {
  switch (field.type) {
    case 'integer':
    case 'number': {
      const noun = field.type === 'integer' ? 'an integer' : 'a number';
      if (field.min !== undefined && field.max !== undefined) return `${noun} from ${field.min} to ${field.max}`;
      if (field.min !== undefined) return `${noun} of at least ${field.min}`;
      return field.max === undefined ? noun : `${noun} of at most ${field.max}`;
    }
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${field.choices.join(', ')}`;
    case 'strings':
    case 'paths':
      return field.type === 'paths' ? 'paths' : 'texts';
    default:
      return field.type === 'path' ? 'a path' : 'a text';
  }
}

/**
 * Values for every field: defaults under `given`.
 * @throws UserError for a name that no field has (with the nearest one), a wrong value, or a required one that is absent
 */
export function resolve<F extends Fields>(fields: F, given: Readonly<Record<string, unknown>>): Values<F> {
  for (const name in given) {
    if (!Object.hasOwn(fields, name)) throw unknownSetting(name, Object.keys(fields));
  }
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    values[name] = given[name] === undefined ? field.default : checkValue(name, field, given[name]);
    const needed = 'required' in field && field.required;
    const value = values[name];
    if (needed && (typeof value === 'string' || Array.isArray(value)) && value.length === 0) {
      throw new UserError(`Expected ${describe(field)} for ${name} but received nothing. It is: ${field.text}.`, {
        code: 'ERR_VALUE',
      });
    }
  }
  return values as Values<F>;
}

/** With the name that is most like `wrong`, else all names. */
function unknownSetting(wrong: string, names: readonly string[]): UserError {
  const guess = nearestName(wrong, names);
  return new UserError(
    `There is no setting ${wrong}. ${guess ? `Did you mean ${guess}?` : `There are ${names.join(', ')}.`}`,
    { code: 'ERR_VALUE' },
  );
}

/** The values of some fields out of a larger set. */
export function pick<F extends Fields>(fields: F, values: Readonly<Record<string, unknown>>): Values<F> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, values[name]])) as Values<F>;
}
