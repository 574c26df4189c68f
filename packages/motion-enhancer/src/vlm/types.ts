import type { DType, Tensor } from '@motion-enhancer/libtorch';
import type {
  ChatMessage,
  Decoded,
  DecoderOptions,
  Grid,
  InternVL3,
  MediumTokens,
  ProcessorConfig,
  Qwen25VL,
  RopeIndex,
  SaveOptions,
  TokenizedChat,
  Tokenizer,
} from '@motion-enhancer/models';
import type { GenerationConfig } from './generate/generation-config.js';
import type { TokenOptions } from './generate/generation-options.js';
import type { FrameResize } from './media/fit-frames.js';
import type { VideoSettings } from './media/video-input.js';

/** How the model sees its input, and how chats are written. */
export type InputSettings = VideoSettings;

export type VlmFamily = 'qwen2_5_vl' | 'internvl3';

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

/** An image or video as the vision tower takes it. */
export interface MediumInput {
  type: 'image' | 'video';
  /** Patches float32 [P, 1176] (Qwen2.5-VL) or tiles float32 [n, 3, 448, 448] (InternVL3); `disposeChat` frees it. */
  pixels: Tensor;
  /** Of Qwen2.5-VL: in patches. Of InternVL3: tiles, 1, 1. */
  grid: Grid;
  /** Of Qwen2.5-VL's videos: what its clock counts with. */
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
  /** int64 [3, 1, N] of Qwen2.5-VL; null where positions simply count. */
  positions: Tensor | null;
  rope: RopeIndex | null;
}

export interface PreparedChat extends ChatTokens {
  inputs: readonly MediumInput[];
  /** Embeddings of the inputs (`encode`), where they are there already; the caller's. */
  visual?: Tensor | null;
}

export interface ForwardOptions extends Pick<DecoderOptions, 'rows' | 'logits' | 'cache' | 'onBlock'> {
  /** From `encode`; by default null, which only chats without media may have. */
  visual?: Tensor | null;
}

/** A vision-language model with what it takes to talk to it, the same for every family. */
export interface Vlm {
  readonly dir: string;
  readonly family: VlmFamily;
  /** The network itself: parameters and their groups. */
  readonly model: Qwen25VL | InternVL3;
  readonly tokenizer: Tokenizer;
  readonly device: string;
  readonly dtype: DType;
  readonly weights: 'trained' | 'random';
  /** What generation_config.json says. */
  readonly generation: GenerationConfig;
  /** What preprocessor_config.json says. */
  readonly processor: ProcessorConfig;
  /** Most tokens of a chat, the reply included. */
  readonly contextLength: number;
  /** Frames that become one token: their count is a multiple of it. */
  readonly framesPerToken: number;
  /** How frames are resized, which is done as they are decoded. */
  frameResize(settings: InputSettings): FrameResize;
  /** @throws UserError ERR_MEDIA */
  prepareMedium(medium: DecodedMedium, settings: InputSettings): MediumInput;
  /**
   * @param media of the messages' image and video parts, in order
   * @throws UserError ERR_MEDIA, ERR_TOKENIZER, ERR_CONTEXT
   */
  prepareTokens(messages: readonly ChatMessage[], media: readonly MediumInput[], settings: InputSettings): ChatTokens;
  /** Visual embeddings of all media in order: [tokens, C]; null without media. Differentiable. */
  encode(media: readonly MediumInput[]): Tensor | null;
  /** Runs the language model on one chat; under autograd as well as within `noGrad`. */
  forward(chat: ChatTokens, options?: ForwardOptions): Decoded;
  /** New tokens of each chat; the end token, if it came, is the last one. */
  generate(chats: readonly PreparedChat[], options: TokenOptions): number[][];
  /** Saves in the form that it was loaded from: transformers loads the result. @throws UserError ERR_CHECKPOINT, ERR_WRITE */
  save(dir: string, options?: SaveOptions): void;
  dispose(): void;
}
