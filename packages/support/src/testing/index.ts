export { fixture } from './fixtures.js';
export { freshSeed, type RandomSource, randomSource } from './random-source.js';
export { temporaryFolder } from './temporary-folder.js';
