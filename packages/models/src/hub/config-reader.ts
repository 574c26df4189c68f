import { UserError } from '@motion-enhancer/support';

/** A JSON object as a checkpoint's `config.json` holds it. */
export type RawConfig = Readonly<Record<string, unknown>>;

const isObject = (v: unknown): v is RawConfig => typeof v === 'object' && v !== null && !Array.isArray(v);
const isInteger = (v: unknown): v is number => Number.isSafeInteger(v);
const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);
const isString = (v: unknown): v is string => typeof v === 'string';
const listOf =
  <T>(is: (v: unknown) => v is T) =>
  (v: unknown): v is T[] =>
    Array.isArray(v) && v.every(is);

/**
 * Typed fields of a `config.json`. A field that is absent or null gives the fallback; without a fallback it is an error.
 * Every method throws UserError `ERR_CONFIG`: `Expected integer for num_layers in DIR/config.json but received "x".`
 */
export class ConfigReader {
  readonly raw: RawConfig;
  readonly file: string;
  readonly #prefix: string;
  /** Paths of fields that were read, of this reader and of those of inner objects. */
  readonly #read: Set<string>;

  /** @param file where the config came from, for error messages */
  constructor(raw: RawConfig, file: string, prefix = '', read: Set<string> = new Set()) {
    this.raw = raw;
    this.file = file;
    this.#prefix = prefix;
    this.#read = read;
  }

  /** Fields that nobody read, inner objects included, with their values. */
  unreadFields(): Map<string, unknown> {
    const found = new Map<string, unknown>();
    for (const [name, value] of Object.entries(this.raw)) {
      const path = this.#prefix + name;
      if (!this.#read.has(path)) found.set(path, value);
      else if (this.#read.has(`${path}.`))
        for (const [inner, of] of new ConfigReader(
          value as RawConfig,
          this.file,
          `${path}.`,
          this.#read,
        ).unreadFields())
          found.set(inner, of);
    }
    return found;
  }

  /** Is the field there, and not null? */
  has(name: string): boolean {
    this.#read.add(this.#prefix + name);
    return Object.hasOwn(this.raw, name) && this.raw[name] !== null;
  }
  int<F extends number | null = never>(name: string, fallback?: F): number | F {
    return this.#field(name, 'integer', isInteger, fallback);
  }
  float<F extends number | null = never>(name: string, fallback?: F): number | F {
    return this.#field(name, 'number', isNumber, fallback);
  }
  bool<F extends boolean | null = never>(name: string, fallback?: F): boolean | F {
    return this.#field(name, 'boolean', (v) => typeof v === 'boolean', fallback);
  }
  string<F extends string | null = never>(name: string, fallback?: F): string | F {
    return this.#field(name, 'string', isString, fallback);
  }
  ints<F extends readonly number[] | null = never>(name: string, fallback?: F): number[] | F {
    return this.#field(name, 'list of integers', listOf(isInteger), fallback);
  }
  floats<F extends readonly number[] | null = never>(name: string, fallback?: F): number[] | F {
    return this.#field(name, 'list of numbers', listOf(isNumber), fallback);
  }
  strings<F extends readonly string[] | null = never>(name: string, fallback?: F): string[] | F {
    return this.#field(name, 'list of strings', listOf(isString), fallback);
  }
  /** One of a few words, such as an activation's name. */
  oneOf<const C extends string, F extends C = never>(name: string, choices: readonly C[], fallback?: F): C {
    const isChoice = (v: unknown): v is C => (choices as readonly unknown[]).includes(v);
    return this.#field(name, `one of ${choices.join(', ')}`, isChoice, fallback);
  }
  /** A reader of the object inside a field, such as `text_config`. */
  sub(name: string): ConfigReader {
    const inner = this.#field<RawConfig, never>(name, 'object', isObject, undefined);
    this.#read.add(`${this.#prefix}${name}.`);
    return new ConfigReader(inner, this.file, `${this.#prefix}${name}.`, this.#read);
  }

  #field<T, F>(name: string, what: string, is: (v: unknown) => v is T, fallback: F | undefined): T | F {
    const value = this.has(name) ? this.raw[name] : undefined;
    if (value === undefined && fallback !== undefined) return fallback;
    if (is(value)) return value;
    const received = value === undefined ? 'nothing' : JSON.stringify(value);
    throw new UserError(
      `Expected ${what} for ${this.#prefix}${name} in ${this.file} but received ${received}. ` +
        'Correct the file, or download the checkpoint again.',
      { code: 'ERR_CONFIG' },
    );
  }
}
