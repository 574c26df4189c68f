export { type AttentionPictureOptions, writeAttentionPictures } from './attention/attention-picture.js';
export { attentionOfWords, type MediumAttention, type WordAttention } from './attention/word-attention.js';
export { answer, answers, replies } from './chat/answer.js';
export { type AskOptions, askAboutVideo } from './chat/ask.js';
export { disposeChat, layOut, mediaParts, prepareChat, prepareMedium, type ReadMedium } from './chat/chat.js';
export { placeMedia, type TaggedTurn } from './chat/place-media.js';
export { ChatSession } from './chat/session.js';
export type {
  ChatFolder,
  ChatSettings,
  LoadOptions,
  MediaFolder,
  VlmFamily,
  VlmFolder,
  VlmTraits,
} from './families/family.js';
export { type FamilyConfig, familyOf } from './families/family-of.js';
export { type FrameTaste, framesByRule } from './families/frame-rules.js';
export { assembleVlm, loadVlm } from './families/load.js';
export { familyNames, registerVlmFamily, vlmFamilies, vlmFamilyById } from './families/table.js';
export { type GenerationConfig, readGenerationConfig } from './generate/generation-config.js';
export { type GenerationOptions, type TokenOptions, tokenOptions } from './generate/generation-options.js';
export type { ChooseFrames, TimeSpan, VideoLength } from './media/choose-frames.js';
export { decodeMedium, disposeDecoded, type MediumPart } from './media/media.js';
export { type MediumReader, openMediumReader } from './media/medium-reader.js';
export { VIDEO_FIELDS, type VideoSettings } from './media/video-input.js';
export { checkMemory, memoryOf } from './memory/check-memory.js';
export { type DTypePlan, type MemoryPlan, memoryPlan } from './memory/memory-plan.js';
export type { ModelSize } from './memory/model-size.js';
export { transformerFlops } from './memory/transformer-flops.js';
export type {
  ChatInput,
  ChatTokens,
  DecodedMedium,
  ForwardOptions,
  InputSettings,
  MediaPreparation,
  MediumInput,
  Network,
  PixelInput,
  PreparedChat,
  StepSize,
  Vlm,
  VlmMessage,
  VlmModel,
  VlmPart,
} from './types.js';
export { disposeVisual, joinVisual, type Visual } from './visual.js';
