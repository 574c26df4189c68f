export { readT5Config, type T5Config } from './config.js';
export { loadT5Encoder, type T5Encoder, t5Encoder, t5Forward } from './model.js';
export { relativeBuckets } from './relative-positions.js';
export { readT5Weights, type T5Weights } from './weights.js';
