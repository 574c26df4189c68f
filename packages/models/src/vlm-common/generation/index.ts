export type { GenerateOptions } from './generate-options.js';
export { type GenerateSequencesOptions, generateSequences, type SequencesInput } from './generate-sequences.js';
export type { BatchOptions } from './with-prefix-caching.js';
