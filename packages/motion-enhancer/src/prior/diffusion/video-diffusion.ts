import type { DType, Tensor } from '@motion-enhancer/libtorch';
import type { TokenGrid } from '../grid.js';
import type { AttentionTaps } from './attention-taps.js';
import type { FrameRule } from './frame-rule.js';
import type { Sampler } from './sampler.js';
import type { TextEncoder } from './text-encoder.js';

/** The attention of a diffusion transformer: text and video in one sequence, or video over itself and then over the text. */
export interface AttentionShape {
  readonly kind: 'joint' | 'self-cross';
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
}

/** What inversion, reconstruction and capture need of a model. */
export interface Denoiser {
  readonly device: string;
  readonly dtype: DType;
  readonly attention: AttentionShape;
  readonly sampler: Sampler;
  /** Tokens of latents [B, …] beside a text [B, T, D]. @throws UserError for a size that makes no whole tokens */
  grid(x: Tensor, text: Tensor): TokenGrid;
  /**
   * One forward pass.
   * @param x latents [B, …] @param text [B, T, D] @param time of a `NoiseLevel`
   * @returns what the sampler steps with, [B, …], or of fewer elements where a tap went on with fewer
   */
  denoise(x: Tensor, text: Tensor, time: number, taps?: AttentionTaps): Tensor;
}

/** What of clips the diffusion passes start from. */
export interface Latents {
  /** [B, …] in the model's dtype; the axes after the clips' are the model's own */
  x0: Tensor;
  /** How many latent frames in front repeat the first one, so that whole tokens come out. */
  padded: number;
}

export interface CodingOptions {
  /** Most bytes for the video autoencoder; larger clips are coded in tiles. 0 never tiles. */
  memory?: number;
  /** Draw from the posterior with this seed, in place of its mode. */
  posteriorSeed?: number;
}

/** Which checkpoint it is. */
export interface ModelIdentity {
  /** Of its `VideoDiffusionFamily` */
  readonly family: string;
  readonly dir: string;
  /** Of all its weights */
  readonly sha256: string;
  readonly weights: 'trained' | 'random';
}

/** A frozen video diffusion model: everything that the method uses of one. */
export interface VideoDiffusion extends Denoiser, ModelIdentity {
  readonly texts: TextEncoder;
  readonly frameRule: FrameRule;
  /** Height and width of frames must be multiples of it. */
  readonly sizeMultiple: number;
  /** Clips [B, 3, frames, height, width] in [−1, 1] and the model's dtype → latents, of the caller's scope. */
  encodeVideo(clip_BCTHW: Tensor, options?: CodingOptions): Latents;
  /** Back to pixels, [B, 3, frames, height, width], without the padding. @throws Error without its decoder */
  decodeVideo(latents: Latents, options?: Pick<CodingOptions, 'memory'>): Tensor;
  /** Latents with their axes told apart: [B, frames, channels, height, width], a view. */
  latentFrames(x0: Tensor): Tensor;
  /** First and last pixel frame (inclusive) behind each token frame. */
  pixelFrames(latents: Latents): [first: number, last: number][];
  dispose(): void;
}
