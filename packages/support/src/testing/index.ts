export { fixture } from './fixtures.js';
export { freshSeed, randomSource } from './random-source.js';
export { temporaryFolder } from './temporary-folder.js';
