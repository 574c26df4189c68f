import { UserError } from '@motion-enhancer/support';
import type { ConfigReader } from '../hub/index.js';
import type { Qwen2Config } from '../vlm-common/language/qwen2-config.js';

/** Rotary variants that change nothing up to max_position_embeddings, beyond which nothing runs here. */
const ROPE_TYPES = ['default', 'dynamic'];

/**
 * Reads the decoder's part of a config.json (`text_config` or `llm_config`): Qwen2 with plain positions.
 * `tieWordEmbeddings` is what the config says; where it says two things, `tied` of the weights decides (see load.ts).
 * @throws UserError ERR_CONFIG
 */
export function readTextConfig(text: ConfigReader, root: ConfigReader, file: string): Qwen2Config {
  const fail = (what: string) => new UserError(`${what} in ${file}.`, { code: 'ERR_CONFIG' });
  const type = text.string('model_type', 'qwen2');
  if (type !== 'qwen2')
    throw fail(
      `Expected qwen2 for the model_type of the language model but received "${type}". Use InternVL3-1B, 2B, 8B or 14B`,
    );
  const act = text.string('hidden_act', 'silu');
  if (act !== 'silu') throw fail(`Expected silu for hidden_act of the language model but received "${act}"`);
  if (text.bool('use_sliding_window', false))
    throw fail('Expected false for use_sliding_window but received true. Sliding windows are not supported');
  const hiddenSize = text.int('hidden_size');
  const heads = text.int('num_attention_heads');
  const kvHeads = text.int('num_key_value_heads', heads);
  if (heads < 1 || hiddenSize % heads !== 0)
    throw fail(`Expected a multiple of num_attention_heads (${heads}) for hidden_size but received ${hiddenSize}`);
  if (kvHeads < 1 || heads % kvHeads !== 0)
    throw fail(`Expected a multiple of num_key_value_heads (${kvHeads}) for num_attention_heads but received ${heads}`);
  return {
    hiddenSize,
    intermediateSize: text.int('intermediate_size'),
    numHiddenLayers: text.int('num_hidden_layers'),
    numAttentionHeads: heads,
    numKeyValueHeads: kvHeads,
    headDim: hiddenSize / heads,
    vocabSize: text.int('vocab_size'),
    rmsNormEps: text.float('rms_norm_eps', 1e-6),
    ropeTheta: ropeTheta(text, fail),
    maxPositionEmbeddings: text.int('max_position_embeddings', 32768),
    tieWordEmbeddings: text.bool('tie_word_embeddings', root.bool('tie_word_embeddings', false)),
    mropeSection: null,
  };
}

function ropeTheta(text: ConfigReader, fail: (what: string) => UserError): number {
  const name = ['rope_parameters', 'rope_scaling'].find((field) => text.has(field));
  if (name === undefined) return text.float('rope_theta', 1e6);
  const rope = text.sub(name);
  const type = rope.string('rope_type', rope.string('type', 'default'));
  if (!ROPE_TYPES.includes(type))
    throw fail(`Expected ${ROPE_TYPES.join(' or ')} for ${name}.rope_type but received "${type}"`);
  return rope.float('rope_theta', text.float('rope_theta', 1e6));
}
