import './environment.js';

export * from './attention/index.js';
export * from './cogvideox/index.js';
export * from './hub/index.js';
export * from './internvl3/index.js';
export { type Adapter, type Linear, linear, plainLinear } from './layers/linear.js';
export * from './qwen2-5-vl/index.js';
export * from './t5/index.js';
export * from './tokenizers/index.js';
export * from './vlm-common/generation/index.js';
export * from './vlm-common/language/index.js';
