export { requireClass } from './require-class.js';
export * from './transformer/index.js';
