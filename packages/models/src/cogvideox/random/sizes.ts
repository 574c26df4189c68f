/** Sizes of a random CogVideoX-1.5-form checkpoint; small enough by default for two CPU cores. */
export interface RandomSizes {
  layers: number;
  heads: number;
  /** A multiple of 16. */
  headDim: number;
  timeEmbedDim: number;
  /** Text tokens that the transformer is given. */
  maxTextTokens: number;
  /** Latent rows and columns that rotary positions reach. */
  sampleSize: number;
  latentChannels: number;
  /** Channels of the VAE's stages, multiples of `normGroups`; each but the last halves height and width. */
  vaeChannels: readonly number[];
  vaeLayers: number;
  normGroups: number;
  textWidth: number;
  textLayers: number;
  textHeads: number;
  vocabSize: number;
}

export const DEMO_SIZES: RandomSizes = {
  layers: 4,
  heads: 6,
  headDim: 32,
  timeEmbedDim: 64,
  maxTextTokens: 226,
  sampleSize: 300,
  latentChannels: 16,
  vaeChannels: [16, 16, 32, 32],
  vaeLayers: 1,
  normGroups: 8,
  textWidth: 64,
  textLayers: 2,
  textHeads: 4,
  vocabSize: 32128,
};
