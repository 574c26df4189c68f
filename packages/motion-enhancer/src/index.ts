export {
  Aligner,
  type AlignerKind,
  type AlignerOptions,
  type AlignmentLoss,
  alignerFromTensors,
  alignmentGrid,
  alignmentLoss,
  type Chat,
  cells,
  createAligner,
  type Grid,
  loadAligner,
  mapSum,
  type PlacedWord,
  placeWords,
  resizeMaps,
  rowsOfWords,
  scaleMap,
  scaleRows,
  sharpenMap,
  sharpenRows,
  stackAligners,
  wordAttention,
} from './align/index.js';
export { checkValue, type Field, type Fields, pick, resolve, type Values } from './config/field.js';
export { type BadRow, type Row, readRows, type Turn } from './data/rows.js';
export {
  encodeAnimatedWebp,
  type FrameChoice,
  type FrameFit,
  probeVideo,
  type ReadFramesOptions,
  readFrames,
  type VideoFrames,
  type VideoInfo,
  type VideoVerdict,
} from './data/video/index.js';
export {
  type AnswerJudge,
  type AnswerRecord,
  type Benchmark,
  benchmarkOf,
  benchmarks,
  type Counts,
  compareRuns,
  type EvalMedium,
  type EvalOptions,
  type EvalQuestion,
  type EvalResult,
  findFile,
  JUDGE_NAMES,
  type JudgeName,
  judgeOf,
  LETTERS,
  type LoadedBenchmark,
  letterProtocol,
  loadBenchmark,
  MediaFinder,
  measuredLines,
  mergeRuns,
  type Protocol,
  protocolOf,
  protocols,
  type QuestionType,
  type ReportedTable,
  RowCollector,
  type RunPair,
  type RunScore,
  readAnswers,
  readJsonFile,
  registerBenchmark,
  reportedLines,
  runEval,
  type ScoreLayout,
  type ScoreLine,
  type Submission,
  scoreRun,
  type TermScores,
} from './eval/index.js';
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
export {
  type AskOptions,
  type AttentionPictureOptions,
  answer,
  answers,
  askAboutVideo,
  assembleVlm,
  attentionOfWords,
  type ChatFolder,
  type ChatInput,
  ChatSession,
  type ChatSettings,
  type ChatTokens,
  type ChooseFrames,
  checkMemory,
  type DecodedMedium,
  type DTypePlan,
  decodeMedium,
  disposeChat,
  disposeDecoded,
  disposeVisual,
  type FamilyConfig,
  type ForwardOptions,
  type FrameTaste,
  familyNames,
  familyOf,
  framesByRule,
  type GenerationConfig,
  type GenerationOptions,
  type InputSettings,
  loadVlm,
  type MediaFolder,
  type MediaPreparation,
  type MediumAttention,
  type MediumInput,
  type MediumPart,
  type MediumReader,
  type MemoryPlan,
  type ModelSize,
  memoryOf,
  memoryPlan,
  type Network,
  openMediumReader,
  type PixelInput,
  type PreparedChat,
  placeMedia,
  prepareChat,
  prepareMedium,
  type ReadMedium,
  readGenerationConfig,
  registerVlmFamily,
  replies,
  type StepSize,
  type TaggedTurn,
  type TimeSpan,
  type TokenOptions,
  transformerFlops,
  VIDEO_FIELDS,
  type VideoLength,
  type VideoSettings,
  type Visual,
  type Vlm,
  type VlmFamily,
  type VlmFolder,
  type VlmMessage,
  type VlmModel,
  type VlmPart,
  type VlmTraits,
  vlmFamilies,
  vlmFamilyById,
  type WordAttention,
  writeAttentionPictures,
} from './vlm/index.js';
