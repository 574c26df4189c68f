import { fileURLToPath } from 'node:url';

const [form, extension] = import.meta.url.endsWith('.ts') ? ['src', 'ts'] : ['dist', 'js'];

/** The command's main file, for tests that start it as a user does: sources or compiled, as the test itself is. */
export const COMMAND = fileURLToPath(new URL(`../../../cli/${form}/main.${extension}`, import.meta.url));
