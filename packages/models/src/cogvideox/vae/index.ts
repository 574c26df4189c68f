export { ConvCache } from './causal-conv.js';
export { changesTime, readVaeConfig, type VaeConfig } from './config.js';
export { decodeChunk } from './decoder.js';
export { encodeChunk } from './encoder.js';
export {
  type CogVideoXVae,
  chunkBounds,
  cogVideoXVae,
  loadVae,
  type Posterior,
  samplePosterior,
  type VaeOptions,
} from './model.js';
export { type TileSize, tilesUnder, vaeBytes } from './tiling.js';
export { type DecoderWeights, type EncoderWeights, readDecoderWeights, readEncoderWeights } from './weights.js';
