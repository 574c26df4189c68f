import type { Checkpoints, DType, Tensor } from '@motion-enhancer/libtorch';
import type {
  ChatMessage,
  Decoded,
  DecoderOptions,
  Grid,
  MediumTokens,
  ParameterGroup,
  ProcessorConfig,
  RopeIndex,
  SaveOptions,
  TokenizedChat,
  Tokenizer,
} from '@motion-enhancer/models';
import type { VlmFamily } from './families/family.js';
import type { GenerationConfig } from './generate/generation-config.js';
import type { TokenOptions } from './generate/generation-options.js';
import type { ChooseFrames } from './media/choose-frames.js';
import type { FrameResize } from './media/fit-frames.js';
import type { VideoSettings } from './media/video-input.js';
import type { ModelSize } from './memory/model-size.js';
import type { Visual } from './visual.js';

/** How the model sees its input, and how chats are written. */
export type InputSettings = VideoSettings;

/** A piece of a message. Files are read by `prepareChat`; tensors stay the caller's. */
export type VlmPart =
  | { type: 'text'; text: string }
  | { type: 'image'; path: string }
  | { type: 'image'; image: Tensor /* uint8 [3, h, w] */ }
  | { type: 'video'; path: string; start?: number; end?: number /* seconds */ }
  | { type: 'video'; paths: readonly string[] /* a picture a frame */; sampleFps?: number }
  | {
      type: 'video';
      frames: Tensor /* uint8 [n, 3, h, w] */;
      /** Of these frames, per second. */
      sampleFps: number;
    };

export interface VlmMessage {
  role: ChatMessage['role'];
  content: string | readonly VlmPart[];
}

/** An image or the chosen frames of a video, as decoded. */
export type DecodedMedium =
  | { type: 'image'; image: Tensor /* uint8 [3, h, w] */ }
  | {
      type: 'video';
      frames: Tensor /* uint8 [n, 3, h, w] */;
      sampleFps: number;
      /** When each frame is shown, s. */
      seconds: readonly number[];
      /** The video's own [height, width], of frames that were resized as they were decoded. */
      videoSize?: readonly [height: number, width: number];
    };

/** An image or video as the vision tower of its family takes it. */
export interface MediumInput {
  type: 'image' | 'video';
  /** float32, such as patches [P, values] or tiles [n, 3, h, w]; `disposeChat` frees it. */
  pixels: Tensor;
  /** Frames, rows and columns in the family's own unit, such as patches; 1 × 1 for whole tiles. */
  grid: Grid;
  /** Of videos in families with a clock: what it counts with. */
  secondPerGrid?: number;
  /** First and last frame of each token frame, as places among the decoded ones; of an image [[0, 0]]. */
  frames: readonly (readonly [number, number])[];
  /** When each decoded frame is shown, s. */
  seconds: readonly number[];
}

/** A chat as the language model takes it. */
export interface ChatTokens extends TokenizedChat {
  /** The visual tokens of each image and video, in order. */
  media: MediumTokens[];
  /** int64 [3, 1, N] in families with multimodal rotary positions; null where positions simply count. */
  positions: Tensor | null;
  /** The same as numbers, and where generated tokens go on. */
  rope: RopeIndex | null;
}

export interface PreparedChat extends ChatTokens {
  inputs: readonly MediumInput[];
  /** Embeddings of the inputs (`encode`), where they are there already; the caller's. */
  visual?: Visual | null;
}

/** What a forward pass needs of a chat. */
export type ChatInput = Pick<ChatTokens, 'ids' | 'positions'>;

/** What a vision tower needs of a medium. */
export type PixelInput = Pick<MediumInput, 'pixels' | 'grid'>;

export interface ForwardOptions extends Pick<DecoderOptions, 'rows' | 'logits' | 'cache' | 'onBlock'> {
  /** From `encode`; by default null, which only chats without media may have. */
  visual?: Visual | null;
  /** The decoder's blocks are computed again in the backward pass. */
  checkpoints?: Checkpoints | null;
}

/** A network's weights by name, and the part that each of them belongs to. */
export interface Network {
  readonly config: unknown;
  readonly device: string;
  readonly dtype: DType;
  parameters(): ReadonlyMap<string, Tensor>;
  /** Learning rates and freezing go by it. */
  groupOf(name: string): ParameterGroup;
}

/** The computing part of a vision-language model, the same in training, evaluation and generation. */
export interface VlmModel {
  /** The network itself: its parameters, and for code that knows the family more. */
  readonly model: Network;
  /**
   * Visual embeddings of all media in order; null without media. Differentiable.
   * @param checkpoints the tower's blocks are computed again in the backward pass
   */
  encode(media: readonly PixelInput[], checkpoints?: Checkpoints | null): Visual | null;
  /** Runs the language model on one chat; under autograd as well as within `noGrad`. @throws UserError ERR_CONTEXT */
  forward(chat: ChatInput, options?: ForwardOptions): Decoded;
  /** The language model's head: `hidden` [.., C] after the last norm → logits [.., V]. */
  logits(hidden: Tensor): Tensor;
  /** New tokens of each chat; the end token, if it came, is the last one. */
  generate(chats: readonly PreparedChat[], options: TokenOptions): number[][];
  /** Saves in the form that it was loaded from: transformers loads the result. @throws UserError ERR_CHECKPOINT, ERR_WRITE */
  save(dir: string, options?: SaveOptions): void;
  dispose(): void;
}

/** Makes media ready for a checkpoint's vision tower: needs its config and processor, no weights. */
export interface MediaPreparation {
  readonly family: VlmFamily;
  /** Frames that become one token: their count is a multiple of it. */
  readonly framesPerToken: number;
  readonly chooseFrames: ChooseFrames;
  /** How frames are resized, so that it is done as they are decoded; null where the family does not say. */
  frameResize(settings: InputSettings): FrameResize | null;
  /** @throws UserError ERR_MEDIA */
  prepareMedium(medium: DecodedMedium, settings: InputSettings): MediumInput;
}

/** What a step's floating-point operations depend on. */
export interface StepSize {
  tokens: number;
  /** Places whose logits are computed. */
  logits: number;
  media: readonly PixelInput[];
}

/** A vision-language model with what it takes to talk to it, the same for every family. */
export interface Vlm extends VlmModel, MediaPreparation {
  readonly dir: string;
  readonly tokenizer: Tokenizer;
  readonly device: string;
  readonly dtype: DType;
  readonly weights: 'trained' | 'random';
  /** What generation_config.json says. */
  readonly generation: GenerationConfig;
  /** What preprocessor_config.json says. */
  readonly processor: ProcessorConfig;
  readonly size: ModelSize;
  /** Largest number of tokens of a chat, the reply included. */
  readonly contextLength: number;
  /**
   * @param media of the messages' image and video parts, in order
   * @throws UserError ERR_MEDIA, ERR_TOKENIZER, ERR_CONTEXT
   */
  prepareTokens(messages: readonly ChatMessage[], media: readonly MediumInput[], settings: InputSettings): ChatTokens;
  /** Floating-point operations of one training step on a sample, recomputation not counted. */
  stepFlops(sample: StepSize): number;
}
