export * from './attend.js';
export * from './config.js';
export * from './differentiable.js';
export * from './model.js';
export { type Rope, ropeTables } from './rope.js';
export * from './token-grid.js';
export * from './training-positions.js';
export { readTransformerWeights, type TransformerWeights } from './weights.js';
