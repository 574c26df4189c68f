/** What a config.json says about a model's size; nothing of it needs the weights. */
export interface ModelSize {
  /** Parameters. */
  vision: number;
  merger: number;
  language: number;
  /** Of `language`: the embedding, which is looked up, and the head. */
  vocabularyWeights: number;
  /** Of the decoder. */
  layers: number;
  hidden: number;
  intermediate: number;
  /** Keys (or values) of one token in one layer, and queries. */
  keyWidth: number;
  queryWidth: number;
  vocabulary: number;
  /** Largest number of tokens of a chat. */
  context: number;
  visionHidden: number;
  visionIntermediate: number;
  /** Patches of the vision tower that become one token. */
  patchesPerToken: number;
  /** Numbers in a patch as it enters the tower. */
  patchWidth: number;
}

export type LanguageSize = Omit<ModelSize, VisionField>;
type VisionField = 'vision' | 'merger' | 'visionHidden' | 'visionIntermediate' | 'patchesPerToken' | 'patchWidth';
export type VisionSize = Pick<ModelSize, VisionField>;
