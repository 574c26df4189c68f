export * from './config.js';
export { loadT5Encoder, type T5Encoder } from './model.js';
