export { fixture } from './fixtures.js';
export { freshSeed } from './fresh-seed.js';
export { type RandomSource, randomSource } from './random-source.js';
export { temporaryFolder } from './temporary-folder.js';
