export { type AttentionPictureOptions, writeAttentionPictures } from './attention/attention-picture.js';
export { attentionOfWords, type MediumAttention, type WordAttention } from './attention/word-attention.js';
export { answer, answers, replies } from './chat/answer.js';
export { type AskOptions, askAboutVideo } from './chat/ask.js';
export { disposeChat, layOut, mediaParts, prepareChat, prepareMedium, type ReadMedium } from './chat/chat.js';
export { placeMedia, type TaggedTurn } from './chat/place-media.js';
export { ChatSession } from './chat/session.js';
export { familyOf } from './families/family-of.js';
export type { LoadOptions } from './families/family-parts.js';
export { loadVlm } from './families/load.js';
export { type GenerationConfig, readGenerationConfig } from './generate/generation-config.js';
export { type GenerationOptions, type TokenOptions, tokenOptions } from './generate/generation-options.js';
export { chooseVideoFrames, type TimeSpan } from './media/frame-choice.js';
export { decodeMedium, disposeDecoded, type MediumPart } from './media/media.js';
export { type MediumReader, openMediumReader } from './media/medium-reader.js';
export { VIDEO_FIELDS, type VideoSettings } from './media/video-input.js';
export { checkMemory, memoryOf } from './memory/check-memory.js';
export { type DTypePlan, type MemoryPlan, memoryPlan } from './memory/memory-plan.js';
export type {
  ChatTokens,
  DecodedMedium,
  ForwardOptions,
  InputSettings,
  MediumInput,
  PreparedChat,
  Vlm,
  VlmFamily,
  VlmMessage,
  VlmPart,
} from './types.js';
