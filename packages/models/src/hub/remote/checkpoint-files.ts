/** What is needed of a CogVideoX repository. */
export const COGVIDEOX_FILES: readonly string[] = [
  'model_index.json',
  ...['transformer', 'vae', 'text_encoder', 'tokenizer', 'scheduler'].flatMap((folder) =>
    ['safetensors', 'json', 'model', 'txt'].map((ending) => `${folder}/*.${ending}`),
  ),
  // Says that the weights are untrained, in checkpoints that this tool makes.
  'RANDOM_WEIGHTS',
];

/** What is needed of a Qwen2.5-VL repository. */
export const QWEN2_5_VL_FILES: readonly string[] = ['*.safetensors', '*.json', '*.jinja', '*.txt', 'RANDOM_WEIGHTS'];
