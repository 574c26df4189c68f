export { type GenerateRowsOptions, generateRows, type RowsInput } from './generate-rows.js';
export { generateInternVL3Batch } from './internvl-rows.js';
export { type BatchOptions, generateBatch } from './qwen-rows.js';
