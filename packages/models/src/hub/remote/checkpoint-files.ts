/** What is needed of a CogVideoX repository. */
export const COGVIDEOX_FILES: readonly string[] = [
  'model_index.json',
  ...['transformer', 'vae', 'text_encoder', 'tokenizer', 'scheduler'].flatMap((folder) =>
    ['safetensors', 'json', 'model', 'txt'].map((ending) => `${folder}/*.${ending}`),
  ),
  // Says that the weights are untrained, in checkpoints that this tool makes.
  'RANDOM_WEIGHTS',
];

/**
 * What is needed of the repository of a vision-language model. The model code of InternVL's original form is never run here:
 * it goes along when the model is saved, because transformers loads that form with it.
 */
export const VLM_FILES: readonly string[] = ['*.safetensors', '*.json', '*.jinja', '*.txt', '*.py', 'RANDOM_WEIGHTS'];
