export * from './pipeline-folders.js';
export * from './random.js';
export { requireClass } from './require-class.js';
export * from './schedule/index.js';
export * from './transformer/index.js';
export * from './vae/index.js';
