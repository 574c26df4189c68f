export { type Qwen25VLConfig, type Qwen25VLVisionConfig, readQwen25VLConfig } from './config.js';
export { type GenerateInput, generate } from './generate.js';
export { generateBatch } from './generate-batch.js';
export { type Grid, patchCount, tokenCount } from './grid.js';
export { type LoadQwen25VLOptions, loadQwen25VL } from './load.js';
export { Qwen25VL, type Qwen25VLInput } from './model.js';
export {
  type ChatMessage,
  type ChatPart,
  type ChatSegment,
  type ChatTemplateOptions,
  type ChooseFramesOptions,
  type ChosenFrames,
  chatSegments,
  chooseFrames,
  DEFAULT_SYSTEM,
  IGNORE_INDEX,
  IMAGE_MEAN,
  IMAGE_STD,
  imageBudget,
  imagePatches,
  type MediumTokens,
  normalizeFrames,
  normalizeInChunks,
  type Patches,
  type PatchOptions,
  type PixelBudgetOptions,
  patchify,
  pixelBudget,
  prepareQwen25VLTokens,
  prepareVideoChat,
  type Qwen25VLChatOptions,
  type Qwen25VLMedium,
  type Qwen25VLTokens,
  resizeAsPillow,
  resizeFrames,
  type SmartResizeOptions,
  smartResize,
  type TokenCover,
  type TokenizedChat,
  tokenCover,
  tokenizeChat,
  VIDEO_LEAST_TOKENS,
  type VideoChat,
  type VideoChatInput,
  type VideoChatOptions,
  type VideoChatTurn,
  type VideoQuestion,
  videoFrameSize,
  videoPatches,
} from './processing/index.js';
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
