import { fileURLToPath } from 'node:url';

/** A path below test/fixtures, the same from src/ and dist/. */
export const fixture = (path: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/${path}`, import.meta.url));
