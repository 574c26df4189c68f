import { requireClass } from '../cogvideox/require-class.js';
import { ConfigReader, type RawConfig } from '../hub/index.js';

/**
 * What text_encoder/config.json of a T5 v1.1 encoder says.
 * Source: transformers models/t5/configuration_t5.py 5.18.0
 */
export interface T5Config {
  readonly vocabSize: number;
  readonly width: number;
  /** Size of a head; heads · headDim need not be the width. */
  readonly headDim: number;
  readonly heads: number;
  readonly ffWidth: number;
  readonly layers: number;
  readonly normEps: number;
  /** Of the relative positions: half for keys before the query, half for keys after. */
  readonly buckets: number;
  readonly maxDistance: number;
}

/** @throws UserError `ERR_CONFIG` for another model's config, a wrong field, or T5 v1.0 (which is not gated) */
export function readT5Config(raw: RawConfig, file: string): T5Config {
  requireClass(raw, 'T5EncoderModel', file, "Give the pipeline's text_encoder folder.");
  const c = new ConfigReader(raw, file);
  c.oneOf('feed_forward_proj', ['gated-gelu']);
  return {
    vocabSize: c.int('vocab_size', 32128),
    width: c.int('d_model', 512),
    headDim: c.int('d_kv', 64),
    heads: c.int('num_heads', 8),
    ffWidth: c.int('d_ff', 2048),
    layers: c.int('num_layers', 6),
    normEps: c.float('layer_norm_epsilon', 1e-6),
    buckets: c.int('relative_attention_num_buckets', 32),
    maxDistance: c.int('relative_attention_max_distance', 128),
  };
}
