export { otherChatTemplate } from './chat-template-file.js';
export { Checkpoint, openCheckpoint } from './checkpoint.js';
export { ConfigReader, type RawConfig } from './config-reader.js';
export { readJsonObject } from './read-json-object.js';
export { type ProcessorConfig, readProcessorConfig } from './read-processor-config.js';
export { refuseQuantised } from './refuse-quantised.js';
export {
  COGVIDEOX_FILES,
  type FetchProgress,
  HubError,
  type HubErrorCode,
  type ResolveOptions,
  resolveCheckpoint,
  VLM_FILES,
} from './remote/index.js';
export { type CheckpointContents, saveCheckpoint } from './save-checkpoint.js';
export { type SaveOptions, saveLikeSource } from './save-like-source.js';
export { headDiffers } from './stored-head.js';
export { unusedFields } from './unused-fields.js';
export { type WeightOptions, WeightReader } from './weight-reader.js';
