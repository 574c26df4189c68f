/** What the Qwen2 / Qwen2.5 decoder needs to know. */
export interface Qwen2Config {
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numKeyValueHeads: number;
  /** hiddenSize / numAttentionHeads */
  headDim: number;
  vocabSize: number;
  rmsNormEps: number;
  ropeTheta: number;
  maxPositionEmbeddings: number;
  tieWordEmbeddings: boolean;
  /** Half head dimensions that follow the time, height and width position; null for plain 1-D positions. */
  mropeSection: readonly number[] | null;
}
