import { nearestName } from '@motion-enhancer/support';
import { codeOfDtype } from './dtype.js';
import { LibtorchError } from './errors.js';
import type { Aten, AtenAsync } from './generated/aten.js';
import { type NativeOperator, native } from './native.js';
import { Generator } from './random.js';
import { Tensor } from './tensor.js';

/** Kinds of values, in the order of native/operator.h. */
const TENSOR = 0;
const TENSOR_LIST = 1;
const OPTIONAL_TENSOR_LIST = 2;
const INT = 3;
const FLOAT = 5;
const BOOL = 7;
const SCALAR = 9;
const STRING = 11;
const DEVICE = 13;
const GENERATOR = 14;
const OTHER = 15;

/** c10/core/MemoryFormat.h and Layout.h */
const ENUMS: Record<string, number> = { contiguous: 0, preserve: 1, channels_last: 2, channels_last_3d: 3, strided: 0 };

interface Parameter {
  name: string;
  kind: number;
  optional: boolean;
  required: boolean;
  type: string;
}

/** One overload, ready to be called with tensors: required arguments by position, the others by name in a last object. */
interface Overload {
  key: string;
  parameters: Parameter[];
  /** Those without a default: they go by position. */
  positional: Parameter[];
  byName: ReadonlyMap<string, Parameter>;
  call: (args: unknown[]) => unknown;
}

function unwrap(value: unknown, parameter: Parameter): unknown {
  if (value === undefined || value === null) return value;
  switch (parameter.kind) {
    case TENSOR:
      return value instanceof Tensor ? value.slot : value;
    case TENSOR_LIST:
    case OPTIONAL_TENSOR_LIST:
      return (value as (Tensor | null)[]).map((t) => (t === null ? null : t.slot));
    case GENERATOR:
      return value instanceof Generator ? value.handle : value;
    case INT:
      if (typeof value !== 'string') return value;
      return value in ENUMS ? ENUMS[value] : codeOfDtype(value as never);
    default:
      return value;
  }
}

/** Slots in what an operator returned become tensors. */
function wrap(value: unknown, kinds: number[]): unknown {
  if (kinds.length > 1) return (value as unknown[]).map((item, i) => wrapOne(item, kinds[i]!));
  return wrapOne(value, kinds[0] ?? OTHER);
}

function wrapOne(value: unknown, kind: number): unknown {
  if (value === null) return null;
  if (kind === TENSOR) return new Tensor(value as number);
  if (kind === TENSOR_LIST) return (value as number[]).map((slot) => new Tensor(slot));
  return value;
}

function prepare(name: string, overload: string, asynchronous: boolean): Overload {
  const schema = native.schema(name, overload);
  const run: NativeOperator = asynchronous ? native.bindAsync(name, overload) : native.bind(name, overload);
  const parameters: Parameter[] = schema.arguments.map(([argument, kind, optional, hasDefault, , type]) => ({
    name: argument,
    kind,
    optional,
    required: !hasDefault,
    type,
  }));
  const places = parameters.map((p, i) => (p.required ? i : -1)).filter((i) => i >= 0);
  const positional = places.map((i) => parameters[i]!);
  const required = places.length;
  const indexOf = new Map(parameters.map((p, i) => [p.name, i]));
  // In place and out= forms hand back what they wrote: the first argument, or the last ones.
  const inPlace = /_$/.test(name);
  const results = schema.returns.length;

  const call = (args: unknown[]): unknown => {
    const values: unknown[] = new Array(parameters.length);
    for (let i = 0; i < required; i++) values[places[i]!] = unwrap(args[i], positional[i]!);
    const options = args[required] as Record<string, unknown> | undefined;
    if (options) {
      for (const key in options) {
        const index = indexOf.get(key);
        if (index === undefined)
          throw argumentError(
            `${name}.${overload} has no argument named ${key}; it has ${[...indexOf.keys()].join(', ')}.`,
          );
        values[index] = unwrap(options[key], parameters[index]!);
      }
    }
    const finish = (result: unknown) => {
      if (!schema.returnsArgument) return wrap(result, schema.returns);
      const written = inPlace ? args.slice(0, results) : args.slice(required - results, required);
      for (const target of written) if (target instanceof Tensor) target.forgetMeta();
      return results === 1 ? written[0] : written;
    };
    const result = run(...values);
    return asynchronous ? (result as Promise<unknown>).then(finish) : finish(result);
  };
  return { key: overload, parameters, positional, byName: new Map(parameters.map((p) => [p.name, p])), call };
}

function argumentError(message: string): LibtorchError {
  const error = new LibtorchError(message);
  error.code = 'ERR_ARGUMENT';
  return error;
}

/** Can the value stand for the parameter? `strict` keeps a number from standing for a list of itself. */
function matches(value: unknown, parameter: Parameter, strict: boolean): boolean {
  if (value === null || value === undefined) return parameter.optional;
  switch (parameter.kind) {
    case TENSOR:
      return value instanceof Tensor;
    case TENSOR_LIST:
    case OPTIONAL_TENSOR_LIST:
      return Array.isArray(value) && value.every((t) => t === null || t instanceof Tensor);
    case INT:
      return Number.isInteger(value) || typeof value === 'bigint' || typeof value === 'string';
    case FLOAT:
      return typeof value === 'number';
    case SCALAR:
      return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
    case BOOL:
      return typeof value === 'boolean';
    case STRING:
    case DEVICE:
      return typeof value === 'string';
    case GENERATOR:
      return value instanceof Generator;
    case OTHER:
      return false;
    default:
      return (
        (Array.isArray(value) && !value.some((v) => v instanceof Tensor)) || (!strict && typeof value === 'number')
      );
  }
}

function isOptions(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Tensor);
}

/** Does the overload take these arguments, named ones included? */
function accepts({ positional, byName }: Overload, args: unknown[], strict: boolean): boolean {
  const required = positional.length;
  if (args.length < required || args.length > required + 1) return false;
  for (let i = 0; i < required; i++) if (!matches(args[i], positional[i]!, strict)) return false;
  const options = args[required];
  if (options === undefined) return true;
  if (!isOptions(options)) return false;
  for (const key in options) {
    const parameter = byName.get(key);
    if (!parameter || (options[key] != null && !matches(options[key], parameter, strict))) return false;
  }
  return true;
}

/** base name -> overload names of everything in the aten namespace, read once. */
let overloadIndex: Map<string, string[]> | undefined;

/** The overload names of an operator such as `aten::add`; empty if there is none. */
export function overloadsOf(qualified: string): string[] {
  if (!overloadIndex) {
    overloadIndex = new Map();
    for (const text of native.operators()) {
      const full = text.slice(0, text.indexOf('('));
      const dot = full.indexOf('.');
      const base = dot < 0 ? full : full.slice(0, dot);
      const list = overloadIndex.get(base);
      const overload = dot < 0 ? '' : full.slice(dot + 1);
      if (list) list.push(overload);
      else overloadIndex.set(base, [overload]);
    }
  }
  return overloadIndex.get(qualified) ?? [];
}

function unknownOperator(qualified: string): LibtorchError {
  const guess = nearestName(qualified, overloadIndex!.keys());
  const error = new LibtorchError(
    `There is no operator ${qualified} in libtorch ${native.version()}.${guess ? ` Did you mean ${guess}?` : ''}`,
  );
  error.code = 'ERR_UNKNOWN_OPERATOR';
  return error;
}

/**
 * Any operator by its dispatcher name, such as `operator('aten::add')` or, one overload, `operator('aten::add.Scalar')`.
 * Required arguments go by position, the others by name in a last object.
 * @throws LibtorchError `ERR_UNKNOWN_OPERATOR`; `ERR_ARGUMENT` when no overload takes the arguments.
 */
export function operator(qualified: string, asynchronous = false): (...args: any[]) => any {
  const colon = qualified.indexOf('::');
  const dot = qualified.indexOf('.', colon);
  const base = dot < 0 ? qualified : qualified.slice(0, dot);
  let names = overloadsOf(base);
  if (dot >= 0) names = names.filter((n) => n === qualified.slice(dot + 1));
  if (names.length === 0) throw unknownOperator(qualified);
  if (names.length === 1) {
    const only = prepare(base, names[0]!, asynchronous);
    return (...args) => {
      if (args.length < only.positional.length || args.length > only.positional.length + 1)
        throw mismatch(qualified, [only], args);
      return only.call(args);
    };
  }
  let overloads: Overload[] | undefined;
  return (...args) => {
    // Named dimensions and out= forms are reached by their full names only.
    overloads ??= names
      .filter((n) => !/out|dimname/i.test(n))
      .sort()
      .map((n) => prepare(base, n, asynchronous))
      .filter((o) => !o.parameters.some((p) => p.required && p.kind === OTHER));
    for (const overload of overloads) if (accepts(overload, args, true)) return overload.call(args);
    for (const overload of overloads) if (accepts(overload, args, false)) return overload.call(args);
    throw mismatch(qualified, overloads, args);
  };
}

function mismatch(qualified: string, overloads: Overload[], args: unknown[]): LibtorchError {
  const given = args
    .map((a) => (a instanceof Tensor ? 'Tensor' : Array.isArray(a) ? 'array' : a === null ? 'null' : typeof a))
    .join(', ');
  const forms = overloads.map((o) => {
    const required = o.positional.map((p) => `${p.name}: ${p.type}`);
    const named = o.parameters.filter((p) => !p.required).map((p) => p.name);
    return `  ${qualified}(${[...required, ...(named.length ? [`{${named.join(', ')}}`] : [])].join(', ')})`;
  });
  return argumentError(`No form of ${qualified} takes (${given}). Its forms are:\n${forms.join('\n')}`);
}

function namespace<T extends object>(asynchronous: boolean): T {
  return new Proxy({} as Record<string, unknown>, {
    get(target, name) {
      if (typeof name !== 'string' || name === 'then') return undefined;
      let found = target[name];
      if (!found) {
        found = operator(`aten::${name}`, asynchronous);
        target[name] = found;
      }
      return found;
    },
    has: (_, name) => typeof name === 'string' && overloadsOf(`aten::${name}`).length > 0,
  }) as T;
}

/** Every ATen operator: `aten.softmax(x, -1)`, `aten.add(x, y, { alpha: 2 })`, `aten['add.Scalar'](x, 1)`. */
export const aten: Aten = namespace<Aten>(false);

/** The same operators on a worker thread: each returns a promise, the event loop stays free. */
export const atenAsync: AtenAsync = namespace<AtenAsync>(true);
