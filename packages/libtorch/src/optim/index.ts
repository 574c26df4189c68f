export { AdamW, type AdamWOptions, type ParameterGroup } from './adamw.js';
export { clipFactor, clipGradNorm, gradNorm } from './clip-grad-norm.js';
export { cosineWithWarmup } from './cosine-with-warmup.js';
