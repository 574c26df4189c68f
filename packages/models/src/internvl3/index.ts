export {
  INTERNVL3_SYSTEM,
  type InternVL3Config,
  type InternVL3Form,
  type InternVL3VisionConfig,
  readInternVL3Config,
} from './config.js';
export { generateInternVL3, type InternVL3GenerateInput } from './generate.js';
export { generateInternVL3Batch } from './generate-batch.js';
export { type LoadInternVL3Options, loadInternVL3 } from './load.js';
export { InternVL3, type InternVL3Input } from './model.js';
export * from './processing/index.js';
export { type RandomInternVL3Options, writeRandomInternVL3 } from './random.js';
