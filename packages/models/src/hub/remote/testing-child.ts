// node testing-child.js NAME PATTERN…: fetches as a process of its own, for tests of several processes.
import { resolveCheckpoint } from './resolve-checkpoint.js';

const [name = '', ...files] = process.argv.slice(2);
console.log(await resolveCheckpoint(name, { files, retryDelayMs: 10, onNote: (note) => console.error(note) }));
