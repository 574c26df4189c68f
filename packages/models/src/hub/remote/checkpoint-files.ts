/** What is needed of a CogVideoX repository. */
export const COGVIDEOX_FILES: readonly string[] = [
  'model_index.json',
  ...['transformer', 'vae', 'text_encoder', 'tokenizer', 'scheduler'].flatMap((folder) =>
    ['safetensors', 'json', 'model', 'txt'].map((ending) => `${folder}/*.${ending}`),
  ),
  // Says that the weights are untrained, in checkpoints that this tool makes.
  'RANDOM_WEIGHTS',
];

/** What is needed of the repository of a vision-language model. */
export const VLM_FILES: readonly string[] = ['*.safetensors', '*.json', '*.jinja', '*.txt', 'RANDOM_WEIGHTS'];
