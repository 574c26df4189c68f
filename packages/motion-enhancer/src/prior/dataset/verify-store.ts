import { rmSync } from 'node:fs';
import { scope } from '@motion-enhancer/libtorch';
import type { PriorStore } from '../store/store.js';

export interface BadPrior {
  key: string;
  path: string;
  reason: string;
  deleted: boolean;
}

/** Reads every prior of a store in full and holds it against its hash and its name; bad ones are deleted on request. */
export function verifyStore(
  store: PriorStore,
  options: { delete?: boolean; onFile?: (done: number, total: number) => void } = {},
): { checked: number; bad: BadPrior[] } {
  const keys = store.keys();
  const bad: BadPrior[] = [];
  keys.forEach((key, i) => {
    const reason = wrongWith(store, key);
    if (reason !== null) {
      const path = store.path(key);
      if (options.delete) rmSync(path, { force: true });
      bad.push({ key, path, reason, deleted: options.delete === true });
    }
    options.onFile?.(i + 1, keys.length);
  });
  return { checked: keys.length, bad };
}

function wrongWith(store: PriorStore, key: string): string | null {
  try {
    const said = scope(() => store.read(key).info.key);
    return said === key ? null : `its name is not its key ${said}`;
  } catch (error) {
    return (error as Error).message;
  }
}
