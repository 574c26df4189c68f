export * from './config.js';
export { type CogVideoXVae, chunkBounds, loadVae, type Posterior, samplePosterior, type VaeOptions } from './model.js';
export { type TileSize, tilesUnder, vaeBytes } from './tiling.js';
