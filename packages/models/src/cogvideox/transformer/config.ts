import { ConfigReader, type RawConfig } from '../../hub/index.js';
import { configError, requireClass } from '../require-class.js';

/**
 * What transformer/config.json of a text-to-video CogVideoX says; defaults as in the source.
 * Source: diffusers models/transformers/cogvideox_transformer_3d.py @ 58eb52c0, CogVideoXTransformer3DModel.__init__
 */
export interface CogVideoXConfig {
  readonly numAttentionHeads: number;
  readonly attentionHeadDim: number;
  /** numAttentionHeads · attentionHeadDim */
  readonly width: number;
  readonly numLayers: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Latent pixels per token and side. */
  readonly patchSize: number;
  /** Latent frames per token: 2 in CogVideoX 1.5, null in 1.0 (one frame per token, convolutional patches). */
  readonly patchSizeT: number | null;
  readonly patchBias: boolean;
  readonly textEmbedDim: number;
  readonly timeEmbedDim: number;
  readonly maxTextSeqLength: number;
  readonly attentionBias: boolean;
  readonly normAffine: boolean;
  readonly normEps: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  /** Latent rows and columns of the training resolution; bounds of the rotary grid. */
  readonly sampleHeight: number;
  readonly sampleWidth: number;
  readonly sampleFrames: number;
  readonly temporalCompression: number;
  /** true: rotary positions (5B, 1.5); false: added sine positions (2B). */
  readonly rotary: boolean;
  readonly spatialInterpolation: number;
  readonly temporalInterpolation: number;
}

const CLASS = 'CogVideoXTransformer3DModel';

/**
 * @param raw parsed JSON @param file its path, for messages
 * @throws UserError `ERR_CONFIG` for another model's config, a wrong field, or an image-to-video checkpoint
 */
export function readCogVideoXConfig(raw: RawConfig, file: string): CogVideoXConfig {
  requireClass(raw, CLASS, file, "Give the pipeline's transformer folder.");
  const c = new ConfigReader(raw, file);
  const heads = c.int('num_attention_heads', 30);
  const headDim = c.int('attention_head_dim', 64);
  const inChannels = c.int('in_channels', 16);
  const outChannels = c.int('out_channels', 16);
  if (c.has('ofs_embed_dim') || c.bool('use_learned_positional_embeddings', false) || inChannels !== outChannels) {
    throw configError(
      `Expected a text-to-video transformer in ${file} but found an image-to-video one ` +
        '(ofs_embed_dim, learned positions or in_channels ≠ out_channels). Use a text-to-video checkpoint such as CogVideoX1.5-5B.',
    );
  }
  c.oneOf('activation_fn', ['gelu-approximate'], 'gelu-approximate');
  c.oneOf('timestep_activation_fn', ['silu'], 'silu');
  if (headDim % 16 !== 0) {
    throw configError(`Expected a multiple of 16 for attention_head_dim in ${file} but received ${headDim}.`);
  }
  return {
    numAttentionHeads: heads,
    attentionHeadDim: headDim,
    width: heads * headDim,
    numLayers: c.int('num_layers', 30),
    inChannels,
    outChannels,
    patchSize: c.int('patch_size', 2),
    patchSizeT: c.has('patch_size_t') ? c.int('patch_size_t') : null,
    patchBias: c.bool('patch_bias', true),
    textEmbedDim: c.int('text_embed_dim', 4096),
    timeEmbedDim: c.int('time_embed_dim', 512),
    maxTextSeqLength: c.int('max_text_seq_length', 226),
    attentionBias: c.bool('attention_bias', true),
    normAffine: c.bool('norm_elementwise_affine', true),
    normEps: c.float('norm_eps', 1e-5),
    flipSinToCos: c.bool('flip_sin_to_cos', true),
    freqShift: c.float('freq_shift', 0),
    sampleHeight: c.int('sample_height', 60),
    sampleWidth: c.int('sample_width', 90),
    sampleFrames: c.int('sample_frames', 49),
    temporalCompression: c.int('temporal_compression_ratio', 4),
    rotary: c.bool('use_rotary_positional_embeddings', false),
    spatialInterpolation: c.float('spatial_interpolation_scale', 1.875),
    temporalInterpolation: c.float('temporal_interpolation_scale', 1),
  };
}
