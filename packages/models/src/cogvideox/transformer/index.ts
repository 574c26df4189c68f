export type { Attend } from './attend.js';
export { type CogVideoXConfig, readCogVideoXConfig } from './config.js';
export { differentiableForward } from './differentiable.js';
export {
  type CogVideoXTransformer,
  cogVideoXTransformer,
  type ForwardOptions,
  loadCogVideoXTransformer,
} from './model.js';
export { type Rope, ropeTables } from './rope.js';
export { type TokenGrid, tokenGrid } from './token-grid.js';
export { type TrainingPositions, trainingPositions } from './training-positions.js';
export { readTransformerWeights, type TransformerWeights } from './weights.js';
