export * from './aligner.js';
export * from './loss.js';
export { mapSum } from './map-rows.js';
export * from './resize.js';
export * from './rows.js';
export * from './scale.js';
export * from './sharpen.js';
export * from './words.js';
