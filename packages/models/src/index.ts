export * from './attention/index.js';
export * from './cogvideox/index.js';
export * from './hub/index.js';
export * from './internvl3/index.js';
export * from './language/index.js';
export * from './qwen2-5-vl/index.js';
export * from './t5/index.js';
export * from './tokenizers/index.js';
