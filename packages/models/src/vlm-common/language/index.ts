export { attentionMask } from './attention-mask.js';
export { attentionRows } from './attention-rows.js';
export { block } from './block.js';
export {
  type DecodeModel,
  type DecodeOnOptions,
  type DecodeWay,
  decodeOn,
  decodesOnDevice,
  MIN_GRAPH_STEPS,
} from './decode/decode-on.js';
export type { DecodeStart } from './decode/decode-state.js';
export { type Decoded, type DecoderOptions, decodeLayers, type LogitsAt, logitsAt } from './decode-layers.js';
export { KVCache } from './kv-cache.js';
export type { Qwen2Config } from './qwen2-config.js';
export { qwen2Shapes, qwen2Weights } from './qwen2-weights.js';
export { rmsNorm } from './rms-norm.js';
export { applyRotary, applyRotaryInFloat, inverseFrequencies, type RotaryTables, rotaryTables } from './rotary.js';
export { checkSampling, nextToken, type SamplingOptions } from './sampling.js';
export type { BlockContext } from './self-attention.js';
export type { ParameterShapes, Qwen2BlockWeights, Qwen2Weights, WrapBlock } from './weights.js';
