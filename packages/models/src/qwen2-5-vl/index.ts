export { type Qwen25VLConfig, type Qwen25VLVisionConfig, readQwen25VLConfig } from './config.js';
export { type GenerateInput, generate } from './generate.js';
export { generateBatch } from './generate-batch.js';
export { type Grid, patchCount, tokenCount } from './grid.js';
export { type LoadQwen25VLOptions, loadQwen25VL } from './load.js';
export { Qwen25VL, type Qwen25VLInput } from './model.js';
export * from './processing/index.js';
export { type RandomQwen25VLOptions, writeRandomQwen25VL } from './random.js';
export { positionsTensor, type RopeIndex, type RopeIndexOptions, ropeIndex } from './rope-index.js';
export { type VisionLayout, visionLayout } from './vision-layout.js';
export { visionBlock, visionRotary, visionTower } from './vision-tower.js';
export type { ParameterGroup } from './weight-names.js';
export {
  parameterShapes,
  type Qwen25VLWeights,
  structureOf,
  type VisionBlockWeights,
  type VisionWeights,
} from './weights.js';
export { type WindowIndex, windowIndex } from './window-index.js';
