import type { ConfigReader } from '@motion-enhancer/models';
import type { LanguageSize } from '../memory/model-size.js';

/**
 * Of a decoder of Qwen2's form (biases of query, key and value, SwiGLU, grouped keys).
 * @param text the section of the language model @param root the whole config
 */
export function qwen2Size(text: ConfigReader, root: ConfigReader): LanguageSize {
  const hidden = text.int('hidden_size');
  const heads = text.int('num_attention_heads');
  const intermediate = text.int('intermediate_size');
  const layers = text.int('num_hidden_layers');
  const vocabulary = text.int('vocab_size');
  const keyWidth = (hidden / heads) * text.int('num_key_value_heads', heads);
  const tied = text.bool('tie_word_embeddings', root.bool('tie_word_embeddings', false));
  const attention = denseSize(hidden, hidden) + 2 * denseSize(hidden, keyWidth) + hidden * hidden;
  const block = attention + 3 * hidden * intermediate + 2 * hidden;
  const vocabularyWeights = (tied ? 1 : 2) * vocabulary * hidden;
  return {
    language: vocabularyWeights + layers * block + hidden,
    vocabularyWeights,
    layers,
    hidden,
    intermediate,
    keyWidth,
    queryWidth: hidden,
    vocabulary,
    context: text.int('max_position_embeddings', 32768),
  };
}

/** Weights and biases of a dense layer. */
export function denseSize(from: number, to: number): number {
  return from * to + to;
}
