import { scope } from '../scope.js';
import { leakFree } from './leak-free.js';

/** A `leakFree` test whose body, without `await`, runs in a scope. */
export function tensorTest(name: string, body: () => void, skip: string | false = false): void {
  leakFree(name, () => scope(body), skip);
}
