import type { DType } from '@motion-enhancer/libtorch';
import type { PriorConfig } from '../config.js';
import type { TokenGrid } from '../grid.js';
import type { FrameRule } from './frame-rule.js';
import type { TextFit } from './text-fit.js';
import type { AttentionShape, ModelIdentity, VideoDiffusion } from './video-diffusion.js';

export interface LoadOptions {
  device: string;
  dtype: DType;
  /** Texts that will be wanted: their encoder comes and goes before the transformer is loaded. */
  texts?: Iterable<string>;
  /** Load what `decodeVideo` needs too (default false). */
  decoder?: boolean;
}

/** What of the options sizes a clip and its coding. */
export type ClipOptions = Pick<PriorConfig, 'frames' | 'height' | 'width' | 'oddLatents' | 'vaeMemory' | 'keepStrip'>;

/** What a checkpoint makes of a clip and needs for it, in bytes, from its headers alone. */
export interface ModelPlan {
  attention: AttentionShape;
  frameRule: FrameRule;
  /** Pixel frames that the options allow. */
  frames: number;
  grid: TokenGrid;
  textEncoder: number;
  transformer: number;
  /** Of what codes the video: the encoder, with `keepStrip` the decoder too. */
  vae: number;
  /** Encoding one clip, beside the weights; estimated. */
  encoding: number;
  /** Decoding for `keepStrip`; 0 without it. Estimated. */
  decoding: number;
  /** Pixels of a tile, where `vaeMemory` asks for tiles. */
  tile: { height: number; width: number } | null;
}

/** A family of video diffusion models: one folder of code, one entry of the table. */
export interface VideoDiffusionFamily {
  readonly id: string;
  /** `_class_name` of model_index.json. */
  readonly pipelines: RegExp;
  /** `_class_name` of transformer/config.json, for folders without model_index.json. */
  readonly transformers: readonly string[];
  /** Files of a repository that it needs, as patterns. */
  readonly files: readonly string[];
  /** The files whose hash names the weights. @throws UserError for a folder that lacks a part */
  weightFiles(dir: string): string[];
  /** @throws UserError for a folder that it cannot read, or a size that the model cannot take */
  plan(dir: string, clip: ClipOptions, dtype: DType): ModelPlan;
  /** What of a text the model is told, from the tokenizer alone; absent where that cannot be said. */
  textFit?(dir: string, text: string): TextFit;
  load(identity: ModelIdentity, options: LoadOptions): VideoDiffusion;
}
