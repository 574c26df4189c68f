import type { DType } from '@motion-enhancer/libtorch';
import type {
  ChatMessage,
  ChosenFrames,
  ProcessorConfig,
  RawConfig,
  Tokenizer,
  WrapBlock,
} from '@motion-enhancer/models';
import type { TimeSpan, VideoLength } from '../media/choose-frames.js';
import type { FrameResize } from '../media/fit-frames.js';
import type { VideoSettings } from '../media/video-input.js';
import type { ModelSize } from '../memory/model-size.js';
import type { ChatTokens, DecodedMedium, MediumInput, StepSize, VlmModel } from '../types.js';

/** Facts that protocols of benchmarks and shared rules go by instead of a family's name. */
export interface VlmTraits {
  /** How it is shown a video: so many frames a second within a budget of pixels, or a fixed number of frames. */
  frames: 'rate' | 'count';
  /** Whether VLMEvalKit asks it as any model, or by a prompt of its own that wants the option's letter directly. */
  prompts: 'general' | 'direct';
}

/** Parts of a checkpoint folder, its weights apart. */
export interface VlmFolder<C = unknown> {
  dir: string;
  config: C;
  tokenizer: Tokenizer;
  processor: ProcessorConfig;
}

export type MediaFolder<C = unknown> = Pick<VlmFolder<C>, 'config' | 'processor'>;
export type ChatFolder<C = unknown> = Pick<VlmFolder<C>, 'config' | 'tokenizer'>;

/** How to load a checkpoint. */
export interface LoadOptions {
  /** `cpu`, `cuda:0`, … */
  device: string;
  dtype: DType;
  /** Parameters record gradients. Default false. */
  trainable?: boolean;
  /** How blocks' weights come to be there while they run. Default: they always lie on the device. */
  wrapBlock?: WrapBlock | undefined;
}

/** Settings of a chat's text; `system` is resolved: undefined is the checkpoint's own, null no system turn. */
export type ChatSettings = Omit<VideoSettings, 'system'> & { system: string | null | undefined };

/**
 * A family of vision-language models: one folder here, one line in `table.ts`, or `registerVlmFamily` at run time.
 * Nothing else tells families apart. docs/guides/add-a-vlm.md walks through one.
 */
export interface VlmFamily<C = unknown> {
  /** Written into run files and model cards. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** `model_type` of the config.json files that it reads. */
  readonly modelTypes: readonly string[];
  /** Checkpoints on the hub, for help texts and messages. */
  readonly examples: readonly string[];
  readonly traits: VlmTraits;
  /** Settings that not every family heeds, and this one does: of `secondPerGrid`, `maxTiles`, … */
  readonly ownSettings: readonly (keyof VideoSettings)[];
  /** System prompts that the setting `system` may name. */
  readonly systemPrompts?: Readonly<Record<string, string>>;
  /**
   * @param tokenizer absent where only media are prepared: what it alone names is then not looked for
   * @throws UserError ERR_CONFIG, ERR_TOKENIZER
   */
  readConfig(raw: RawConfig, file: string, tokenizer?: Tokenizer): C;
  /** Sizes by config.json alone, also of checkpoints that cannot be run. @throws UserError ERR_CONFIG */
  size(raw: RawConfig, file: string): ModelSize;
  /** Floating-point operations of one training step on a sample, recomputation not counted. */
  stepFlops(of: { config: C; size: ModelSize }, sample: StepSize): number;
  framesPerToken(config: C): number;
  /** @throws UserError ERR_MEDIA for too few frames, ERR_VALUE for settings that contradict each other */
  chooseFrames(config: C, video: VideoLength, settings: VideoSettings, span?: TimeSpan): ChosenFrames;
  /** How frames are resized, where each is resized by itself: it is then done as they are decoded, in little memory. */
  frameResize?(config: C, settings: VideoSettings): FrameResize;
  /** An image or video as the vision tower takes it. @throws UserError ERR_MEDIA */
  prepareMedium(folder: MediaFolder<C>, medium: DecodedMedium, settings: VideoSettings): MediumInput;
  /**
   * @param media of the messages' image and video parts, in order
   * @throws UserError ERR_MEDIA, ERR_TOKENIZER, ERR_CONTEXT
   */
  prepareTokens(
    folder: ChatFolder<C>,
    messages: readonly ChatMessage[],
    media: readonly MediumInput[],
    settings: ChatSettings,
  ): ChatTokens;
  /** @throws UserError ERR_CHECKPOINT, ERR_CONFIG, ERR_SAFETENSORS */
  load(folder: VlmFolder<C>, options: LoadOptions): VlmModel;
}
