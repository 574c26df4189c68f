export * from './align/index.js';
export { checkValue, type Field, type Fields, pick, resolve, type Values } from './config/field.js';
export { type BadRow, type Row, readRows, type Turn } from './data/rows.js';
export * from './data/video/index.js';
export * from './eval/index.js';
export type { Check, ParityPart, Tolerance } from './parity/part.js';
export { runParity } from './parity/run.js';
export { loadedPlugins, loadPlugin, loadPlugins, type Plugin, type PluginHost } from './plugins/load-plugin.js';
export { AttentionCapture } from './prior/capture/attention-capture.js';
export type { SquareSum } from './prior/capture/capture-types.js';
export type { HeadMaps } from './prior/capture/head-maps.js';
export { PRIOR_FIELDS, type PriorConfig } from './prior/config.js';
export type { Attention, AttentionTaps } from './prior/diffusion/attention-taps.js';
export { registerVideoDiffusion } from './prior/diffusion/families.js';
export type { ClipOptions, LoadOptions, ModelPlan, VideoDiffusionFamily } from './prior/diffusion/family.js';
export type { FrameRule } from './prior/diffusion/frame-rule.js';
export type { NoiseLevel, Sampler } from './prior/diffusion/sampler.js';
export { TextEmbeddings } from './prior/diffusion/text-embeddings.js';
export type { EncodedText, TextEncoder } from './prior/diffusion/text-encoder.js';
export { invert, reconstruct } from './prior/diffusion/trajectory.js';
export { loadVdm } from './prior/diffusion/vdm.js';
export type {
  AttentionShape,
  CodingOptions,
  Denoiser,
  Latents,
  ModelIdentity,
  VideoDiffusion,
} from './prior/diffusion/video-diffusion.js';
export { type Extraction, extract } from './prior/extract.js';
export { type ExtractJob, type ExtractOutcome, runExtract } from './prior/run-extract.js';
export { type HeadMetrics, headMetrics } from './prior/selection/heads.js';
export { type Selection, select } from './prior/selection/select.js';
export { motionSaliency, textToVideo, wordRows } from './prior/selection/tokens.js';
export type { Prior, PriorHead, PriorInfo, PriorWord } from './prior/store/prior.js';
export { PriorStore } from './prior/store/store.js';
export { alignedStep, type StepOutput, type StepPrior } from './train/loss/step.js';
export { RECIPE_FIELDS, type Recipe } from './train/recipe.js';
export { type StepLog, type TrainOptions, type TrainResult, train } from './train/run/train.js';
export * from './vlm/index.js';
