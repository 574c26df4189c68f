import { type NativeOperator, native } from '../native.js';

const bound = new Map<string, NativeOperator>();

function lazily(name: string, bind: () => NativeOperator): NativeOperator {
  let found = bound.get(name);
  if (!found) {
    found = bind();
    bound.set(name, found);
  }
  return found;
}

/** c10d's collectives by name (`_c10d_functional::NAME`), bound at first use: slots in, slots out. */
export function functional(name: string): NativeOperator {
  return lazily(name, () => native.bind(`_c10d_functional::${name}`, ''));
}

/** Waits on a worker thread for what a collective writes. */
export function waitInBackground(slot: number): Promise<number> {
  return lazily('wait_tensor in background', () => native.bindAsync('_c10d_functional::wait_tensor', ''))(slot);
}
