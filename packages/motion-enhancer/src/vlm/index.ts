export { answer, answers, replies } from './answer.js';
export { type AskOptions, askAboutVideo } from './ask.js';
export { type AttentionPictureOptions, writeAttentionPictures } from './attention-picture.js';
export { disposeChat, layOut, mediaParts, prepareChat, prepareMedium, type ReadMedium } from './chat.js';
export { checkMemory, memoryOf } from './check-memory.js';
export { familyOf } from './family-of.js';
export type { LoadOptions } from './family-parts.js';
export { chooseVideoFrames, type TimeSpan } from './frame-choice.js';
export { type GenerationConfig, readGenerationConfig } from './generation-config.js';
export { type GenerationOptions, type TokenOptions, tokenOptions } from './generation-options.js';
export { loadVlm } from './load.js';
export { decodeMedium, disposeDecoded, type MediumPart } from './media.js';
export { type MediumReader, openMediumReader } from './medium-reader.js';
export { type DTypePlan, type MemoryPlan, memoryPlan } from './memory-plan.js';
export { placeMedia, type TaggedTurn } from './place-media.js';
export { ChatSession } from './session.js';
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
export { VIDEO_FIELDS, type VideoSettings } from './video-input.js';
export { attentionOfWords, type MediumAttention, type WordAttention } from './word-attention.js';
