/** Fields of a config that say nothing of what the model computes, or only of how others run or sample it. */
const HARMLESS = new Set(
  `architectures transformers_version torch_dtype dtype _name_or_path auto_map model_type use_cache initializer_range
  initializer_factor attention_dropout dropout drop_path_rate hidden_dropout_prob hidden_dropout_rate
  attention_probs_dropout_prob projection_dropout bos_token_id pad_token_id eos_token_id sep_token_id
  decoder_start_token_id output_attentions output_hidden_states output_scores return_dict return_dict_in_generate
  use_bfloat16 use_flash_attn use_fa3 attn_implementation _attn_implementation _attn_implementation_autoset _commit_hash
  chunk_size_feed_forward diversity_penalty do_sample early_stopping encoder_no_repeat_ngram_size
  forced_bos_token_id forced_eos_token_id id2label label2id is_decoder is_encoder_decoder length_penalty max_length
  min_length no_repeat_ngram_size num_beam_groups num_beams num_return_sequences problem_type pruned_heads
  remove_invalid_values repetition_penalty temperature top_k top_p typical_p max_window_layers sliding_window
  tie_word_embeddings tie_encoder_decoder torchscript vision_token_id spatial_patch_size hidden_size vocab_size
  image_fold image_seq_length rope_parameters rope_scaling factor layer_scale_init_value`
    .split(/\s+/)
    .filter(Boolean),
);

/** Switches nothing on. */
const isOff = (value: unknown): boolean =>
  value === null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Of fields that nobody reads, those that may mean something. */
export function unusedFields(fields: ReadonlyMap<string, unknown>): string[] {
  return [...fields].flatMap(([path, value]) => {
    const name = path.split('.').at(-1)!;
    const plain = name === 'layer_types' && Array.isArray(value) && value.every((type) => type === 'full_attention');
    const usual = (name === 'rope_type' || name === 'type') && value === 'default';
    return HARMLESS.has(name) || isOff(value) || plain || usual ? [] : [path];
  });
}
