export {
  type ChatMessage,
  type ChatPart,
  type ChatSegment,
  type ChatTemplateOptions,
  chatSegments,
  DEFAULT_SYSTEM,
} from './chat-template.js';
export { type ChooseFramesOptions, type ChosenFrames, chooseFrames } from './choose-frames.js';
export { IMAGE_MEAN, IMAGE_STD, normalizeFrames, normalizeInChunks, patchify } from './patchify.js';
export {
  imageBudget,
  type PixelBudgetOptions,
  pixelBudget,
  type TokenCover,
  VIDEO_LEAST_TOKENS,
} from './pixel-budget.js';
export {
  type MediumTokens,
  prepareQwen25VLTokens,
  type Qwen25VLChatOptions,
  type Qwen25VLMedium,
  type Qwen25VLTokens,
} from './prepare-tokens.js';
export {
  prepareVideoChat,
  type VideoChat,
  type VideoChatInput,
  type VideoChatOptions,
} from './prepare-video-chat.js';
export { resizeAsPillow } from './resize-as-pillow.js';
export { resizeFrames } from './resize-frames.js';
export { type SmartResizeOptions, smartResize } from './smart-resize.js';
export { tokenizeChat } from './tokenize-chat.js';
export { IGNORE_INDEX, type TokenizedChat } from './tokenize-segments.js';
export type { VideoChatTurn, VideoQuestion } from './video-messages.js';
export {
  imagePatches,
  type Patches,
  type PatchOptions,
  tokenCover,
  videoFrameSize,
  videoPatches,
} from './visual-patches.js';
