import type { RandomSizes } from './sizes.js';
import type { WeightMaker } from './weight-maker.js';

/** config.json and weights of a CogVideoX-1.5-form transformer. Names: diffusers @ 58eb52c0. */
export function randomTransformer(m: WeightMaker, s: RandomSizes): Record<string, unknown> {
  const width = s.heads * s.headDim;
  m.layer('patch_embed.proj', width, s.latentChannels * 8);
  m.layer('patch_embed.text_proj', width, s.textWidth);
  m.layer('time_embedding.linear_1', s.timeEmbedDim, width);
  m.layer('time_embedding.linear_2', s.timeEmbedDim, s.timeEmbedDim, { gain: 2 });
  for (let i = 0; i < s.layers; i++) {
    const at = `transformer_blocks.${i}`;
    for (const norm of ['norm1', 'norm2']) {
      m.layer(`${at}.${norm}.linear`, 6 * width, s.timeEmbedDim, { gain: 0.7 });
      m.norm(`${at}.${norm}.norm`, width);
    }
    for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0']) m.layer(`${at}.attn1.${part}`, width, width);
    // Queries and keys are normed per head: a gain of 1.5 each gives scores of size 2, so some keys stand out.
    for (const norm of ['norm_q', 'norm_k']) m.norm(`${at}.attn1.${norm}`, s.headDim, 1.5);
    m.layer(`${at}.ff.net.0.proj`, 4 * width, width);
    m.layer(`${at}.ff.net.2`, width, 4 * width, { gain: 1.5 });
  }
  m.norm('norm_final', width);
  m.layer('norm_out.linear', 2 * width, s.timeEmbedDim, { gain: 0.3 });
  m.norm('norm_out.norm', width);
  m.layer('proj_out', s.latentChannels * 8, width);
  return {
    _class_name: 'CogVideoXTransformer3DModel',
    _diffusers_version: '0.40.0.dev0',
    activation_fn: 'gelu-approximate',
    attention_bias: true,
    attention_head_dim: s.headDim,
    dropout: 0,
    flip_sin_to_cos: true,
    freq_shift: 0,
    in_channels: s.latentChannels,
    max_text_seq_length: s.maxTextTokens,
    norm_elementwise_affine: true,
    norm_eps: 1e-5,
    num_attention_heads: s.heads,
    num_layers: s.layers,
    ofs_embed_dim: null,
    out_channels: s.latentChannels,
    patch_bias: false,
    patch_size: 2,
    patch_size_t: 2,
    sample_frames: 81,
    sample_height: s.sampleSize,
    sample_width: s.sampleSize,
    spatial_interpolation_scale: 1.875,
    temporal_compression_ratio: 4,
    temporal_interpolation_scale: 1,
    text_embed_dim: s.textWidth,
    time_embed_dim: s.timeEmbedDim,
    timestep_activation_fn: 'silu',
    use_learned_positional_embeddings: false,
    use_rotary_positional_embeddings: true,
  };
}
