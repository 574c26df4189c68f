import type { RandomSizes } from '@motion-enhancer/models';

/**
 * The mini CogVideoX: 8 × 8 × 8 video tokens for 16 frames of 64 × 64. Its autoencoder halves twice in space and never
 * in time, so that a token is two frames of 8 × 8 pixels.
 */
export const MINI_VDM: RandomSizes = {
  layers: 8,
  heads: 8,
  headDim: 32,
  timeEmbedDim: 32,
  maxTextTokens: 32,
  sampleSize: 64,
  latentChannels: 8,
  vaeChannels: [16, 32, 32],
  vaeLayers: 1,
  normGroups: 8,
  textWidth: 64,
  textLayers: 2,
  textHeads: 4,
  vocabSize: 0, // the tokenizer's
};

/** A toy of the same form, for tests on a CPU. */
export const TINY_VDM: RandomSizes = {
  ...MINI_VDM,
  layers: 2,
  heads: 2,
  headDim: 16,
  timeEmbedDim: 16,
  latentChannels: 4,
  vaeChannels: [8, 8, 8],
  normGroups: 4,
  textWidth: 16,
  textLayers: 1,
  textHeads: 2,
};
