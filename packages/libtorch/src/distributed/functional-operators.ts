import { type NativeOperator, native } from '../native.js';

const bound = new Map<string, NativeOperator>();

/** c10d's collectives by name (`_c10d_functional::NAME`), bound at first use: slots in, slots out. */
export function functional(name: string): NativeOperator {
  let found = bound.get(name);
  if (!found) {
    found = native.bind(`_c10d_functional::${name}`, '');
    bound.set(name, found);
  }
  return found;
}
