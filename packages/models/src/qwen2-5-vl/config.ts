import { UserError } from '@motion-enhancer/support';
import { ConfigReader, type RawConfig, refuseQuantised, unusedFields } from '../hub/index.js';
import type { Qwen2Config } from '../vlm-common/language/qwen2-config.js';

/** The vision tower and its merger. */
export interface Qwen25VLVisionConfig {
  depth: number;
  hiddenSize: number;
  intermediateSize: number;
  numHeads: number;
  inChannels: number;
  outHiddenSize: number;
  patchSize: number;
  /** Patches per side that become one token of the language model. */
  spatialMergeSize: number;
  /** Frames per patch. */
  temporalPatchSize: number;
  /** Side of an attention window in pixels. */
  windowSize: number;
  /** Blocks that attend over the whole frame pair instead. */
  fullAttentionBlocks: readonly number[];
  /** Time positions per second of video. */
  tokensPerSecond: number;
  ropeTheta: number;
}

export interface Qwen25VLConfig {
  text: Qwen2Config & { mropeSection: readonly number[] };
  vision: Qwen25VLVisionConfig;
  imageTokenId: number;
  videoTokenId: number;
  visionStartTokenId: number;
  visionEndTokenId: number;
  /** From config.json; a generation_config.json beside it may list more. */
  eosTokenId: number;
}

const MODEL_TYPE = 'qwen2_5_vl';

/**
 * Reads a config.json of Qwen2.5-VL: the flat form of the published checkpoints (`rope_scaling.type: mrope`) or the
 * nested form of newer transformers (`text_config`, `rope_parameters`).
 * Source: transformers models/qwen2_5_vl/configuration_qwen2_5_vl.py @ v5.18.0.
 * @param onUnused called with the fields that are neither used nor known to be harmless, where there are any
 * @throws UserError ERR_CONFIG for another model, a missing or wrong field, or a variant that is not supported
 */
export function readQwen25VLConfig(
  raw: unknown,
  file: string,
  onUnused?: (fields: readonly string[]) => void,
): Qwen25VLConfig {
  const root = new ConfigReader(raw as Record<string, unknown>, file);
  const type = root.string('model_type', '');
  if (type !== MODEL_TYPE) {
    throw configError(
      file,
      `Expected ${MODEL_TYPE} for model_type but received "${type}". This is a checkpoint of another model: give a folder of Qwen2.5-VL, such as Qwen/Qwen2.5-VL-3B-Instruct`,
    );
  }
  refuseQuantised(raw as RawConfig, file);
  const text = root.has('text_config') ? root.sub('text_config') : root;
  const config: Qwen25VLConfig = {
    text: readText(text, root, file),
    vision: readVision(root.sub('vision_config'), file),
    imageTokenId: root.int('image_token_id', 151655),
    videoTokenId: root.int('video_token_id', 151656),
    visionStartTokenId: root.int('vision_start_token_id', 151652),
    visionEndTokenId: root.int('vision_end_token_id', 151653),
    eosTokenId: text.int('eos_token_id', 151645),
  };
  const unused = unusedFields(root.unreadFields());
  if (unused.length > 0) onUnused?.(unused);
  return config;
}

function readText(text: ConfigReader, root: ConfigReader, file: string): Qwen25VLConfig['text'] {
  const hiddenSize = text.int('hidden_size');
  const numAttentionHeads = text.int('num_attention_heads');
  const numKeyValueHeads = text.int('num_key_value_heads', numAttentionHeads);
  requireAct(text, file);
  if (text.bool('use_sliding_window', false))
    throw configError(
      file,
      'Expected false for use_sliding_window but received true. Sliding windows are not supported',
    );
  const headDim = evenly(hiddenSize, numAttentionHeads, 'hidden_size', 'num_attention_heads', file);
  evenly(numAttentionHeads, numKeyValueHeads, 'num_attention_heads', 'num_key_value_heads', file);
  const rope = ['rope_parameters', 'rope_scaling'].find((name) => text.has(name));
  if (rope === undefined)
    throw configError(file, 'Expected rope_parameters or rope_scaling with an mrope_section but neither is there');
  const parameters = text.sub(rope);
  const kind = parameters.string('rope_type', parameters.string('type', 'default'));
  if (kind !== 'default' && kind !== 'mrope')
    throw configError(file, `Expected default or mrope for ${rope}.rope_type but received "${kind}"`);
  const mropeSection = parameters.ints('mrope_section');
  const sum = mropeSection.reduce((a, b) => a + b, 0);
  if (sum !== headDim / 2)
    throw configError(
      file,
      `Expected numbers that add up to ${headDim / 2} (half the head size) for ${rope}.mrope_section but received [${mropeSection.join(', ')}]`,
    );
  return {
    hiddenSize,
    intermediateSize: text.int('intermediate_size'),
    numHiddenLayers: text.int('num_hidden_layers'),
    numAttentionHeads,
    numKeyValueHeads,
    headDim,
    vocabSize: text.int('vocab_size'),
    rmsNormEps: text.float('rms_norm_eps', 1e-6),
    ropeTheta: parameters.float('rope_theta', text.float('rope_theta', 1e6)),
    maxPositionEmbeddings: text.int('max_position_embeddings', 32768),
    // Saves before transformers 5 have it within text_config.
    tieWordEmbeddings: root.bool('tie_word_embeddings', false) || text.bool('tie_word_embeddings', false),
    mropeSection,
  };
}

function readVision(vision: ConfigReader, file: string): Qwen25VLVisionConfig {
  requireAct(vision, file);
  const hiddenSize = vision.int('hidden_size');
  const numHeads = vision.int('num_heads', 16);
  const headDim = evenly(hiddenSize, numHeads, 'vision_config.hidden_size', 'num_heads', file);
  if (headDim % 4 !== 0)
    throw configError(
      file,
      `Expected a head size that 4 divides for vision_config but received ${hiddenSize} / ${numHeads} = ${headDim}`,
    );
  return {
    depth: vision.int('depth', 32),
    hiddenSize,
    intermediateSize: vision.int('intermediate_size', 3420),
    numHeads,
    inChannels: vision.int('in_channels', vision.int('in_chans', 3)),
    outHiddenSize: vision.int('out_hidden_size'),
    patchSize: vision.int('patch_size', 14),
    spatialMergeSize: vision.int('spatial_merge_size', 2),
    temporalPatchSize: vision.int('temporal_patch_size', 2),
    windowSize: vision.int('window_size', 112),
    fullAttentionBlocks: vision.ints('fullatt_block_indexes', [7, 15, 23, 31]),
    tokensPerSecond: vision.int('tokens_per_second', 4),
    ropeTheta: visionTheta(vision),
  };
}

/** Rows and columns turn the halves of a head, which newer files call axial. */
function visionTheta(vision: ConfigReader): number {
  if (!vision.has('rope_parameters')) return 1e4;
  const parameters = vision.sub('rope_parameters');
  parameters.oneOf('rope_type', ['axial', 'default'], 'axial');
  return parameters.float('rope_theta', 1e4);
}

function requireAct(section: ConfigReader, file: string): void {
  const act = section.string('hidden_act', 'silu');
  if (act !== 'silu') throw configError(file, `Expected silu for hidden_act but received "${act}"`);
}

function evenly(total: number, parts: number, totalName: string, partsName: string, file: string): number {
  if (parts < 1 || total % parts !== 0)
    throw configError(file, `Expected a multiple of ${partsName} (${parts}) for ${totalName} but received ${total}`);
  return total / parts;
}

function configError(file: string, what: string): UserError {
  return new UserError(`${what} in ${file}.`, { code: 'ERR_CONFIG' });
}
