export { Checkpoint, openCheckpoint } from './checkpoint.js';
export { ConfigReader, type RawConfig } from './config-reader.js';
export { readJsonObject } from './read-json-object.js';
export { type ProcessorConfig, readProcessorConfig } from './read-processor-config.js';
export * from './remote/index.js';
export { type CheckpointContents, saveCheckpoint } from './save-checkpoint.js';
export { type SaveOptions, saveLikeSource } from './save-like-source.js';
export { type WeightOptions, WeightReader } from './weight-reader.js';
