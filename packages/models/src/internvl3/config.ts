import { UserError } from '@motion-enhancer/support';
import { ConfigReader, refuseQuantised, unusedFields } from '../hub/index.js';
import type { Qwen2Config } from '../vlm-common/language/qwen2-config.js';
import { readTextConfig } from './read-text-config.js';

/** Which code base a checkpoint is for: `hf` is transformers' own class, `remote` the code published beside the weights. */
export type InternVL3Form = 'hf' | 'remote';

/** InternViT. */
export interface InternVL3VisionConfig {
  numLayers: number;
  hiddenSize: number;
  intermediateSize: number;
  numHeads: number;
  numChannels: number;
  patchSize: number;
  /** Side in pixels that the learned positions are for. */
  imageSize: number;
  layerNormEps: number;
  /** Of the query, key and value layers. */
  qkvBias: boolean;
}

export interface InternVL3Config {
  form: InternVL3Form;
  text: Qwen2Config;
  vision: InternVL3VisionConfig;
  /** Side of a tile in pixels. */
  tileSize: number;
  /** Patches per side that become one token of the language model: 2. */
  shuffle: number;
  /** `<IMG_CONTEXT>` */
  imageTokenId: number;
  /** What ends a reply; a generation_config.json beside the config may list more. */
  eosTokenId: number;
  /** Largest and smallest number of tiles of an image; a video's frames are one tile each. */
  maxTiles: number;
  minTiles: number;
  /** An image of several tiles has itself as one more. */
  useThumbnail: boolean;
  /** System prompt of chats that bring none; null for no system turn. */
  system: string | null;
}

/** "You are Shusheng·Wanxiang …": the system prompt of the published model code. Source: InternVL conversation.py (internvl2_5). */
export const INTERNVL3_SYSTEM =
  '你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。';

/** Of the `template` field: whose chats are written. */
const TEMPLATE = 'internvl2_5';
/** `<|im_end|>` */
const IM_END = 151645;

const TYPES: Readonly<Record<string, InternVL3Form>> = { internvl: 'hf', internvl_chat: 'remote' };

/**
 * Reads a config.json of InternVL3 in either published form: InternVLForConditionalGeneration (transformers) or
 * InternVLChatModel (the code published beside the original checkpoints).
 * Sources: transformers models/internvl/configuration_internvl.py @ v5.18.0; OpenGVLab/InternVL @ 2410d1d
 * internvl/model/internvl_chat/configuration_internvl_chat.py.
 * @param onUnused called with the fields that are neither used nor known to be harmless, where there are any
 * @throws UserError ERR_CONFIG for another model, a missing or wrong field, or a variant that is not supported
 */
export function readInternVL3Config(
  raw: Readonly<Record<string, unknown>>,
  file: string,
  onUnused?: (fields: readonly string[]) => void,
): InternVL3Config {
  const root = new ConfigReader(raw, file);
  const type = root.string('model_type', '');
  const form = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (!form)
    throw configError(
      file,
      `Expected internvl or internvl_chat for model_type but received "${type}". This is a checkpoint of another model: give a folder of InternVL3, such as OpenGVLab/InternVL3-2B or OpenGVLab/InternVL3-2B-hf`,
    );
  refuseQuantised(raw, file);
  if (form === 'hf') {
    requireValue(root.int('vision_feature_layer', -1), -1, 'vision_feature_layer', file);
    requireValue(
      root.string('vision_feature_select_strategy', 'default'),
      'default',
      'vision_feature_select_strategy',
      file,
    );
    requireValue(root.string('projector_hidden_act', 'gelu'), 'gelu', 'projector_hidden_act', file);
  } else {
    requireValue(root.int('select_layer', -1), -1, 'select_layer', file);
    requireValue(root.string('ps_version', 'v2'), 'v2', 'ps_version', file);
    // Others write other chats (Hermes-2, internlm2-chat, phi3-chat of its conversation.py).
    requireValue(root.string('template', TEMPLATE), TEMPLATE, 'template', file);
  }
  const vision = readVision(root.sub('vision_config'), form, file);
  const shuffle = readShuffle(root, file);
  const tileSize = form === 'remote' ? root.int('force_image_size', vision.imageSize) : vision.imageSize;
  checkTile(tileSize, vision.patchSize, shuffle, file);
  const text = root.sub(form === 'hf' ? 'text_config' : 'llm_config');
  // An image is then one tile, as a video's frame is.
  const tiled = root.bool('dynamic_image_size', true);
  const [maxTiles, minTiles] = [root.int('max_dynamic_patch', 12), root.int('min_dynamic_patch', 1)];
  const config: InternVL3Config = {
    form,
    text: readTextConfig(text, root, file),
    vision,
    tileSize,
    shuffle,
    imageTokenId: root.int('image_token_id', 151667),
    // The published code stops there too: llm_config has what the language model ended with before it learned to chat.
    eosTokenId: form === 'hf' ? text.int('eos_token_id', IM_END) : IM_END,
    maxTiles: tiled ? maxTiles : 1,
    minTiles: tiled ? minTiles : 1,
    useThumbnail: root.bool('use_thumbnail', true),
    // Published configs say null, for which their code takes the template's.
    system: form === 'hf' ? null : root.string('system_message', INTERNVL3_SYSTEM),
  };
  const unused = unusedFields(root.unreadFields());
  if (unused.length > 0) onUnused?.(unused);
  return config;
}

function readVision(vision: ConfigReader, form: InternVL3Form, file: string): InternVL3VisionConfig {
  const named = (name: string) => `vision_config.${name}`;
  requireValue(vision.string('hidden_act', 'gelu'), 'gelu', named('hidden_act'), file);
  requireValue(vision.string('norm_type', 'layer_norm'), 'layer_norm', named('norm_type'), file);
  const qkNorm = form === 'hf' ? 'use_qk_norm' : 'qk_normalization';
  // InternViT-6B of the larger models has it.
  requireValue(vision.bool(qkNorm, false), false, named(qkNorm), file);
  if (form === 'hf') {
    requireValue(vision.bool('use_mean_pooling', true), true, named('use_mean_pooling'), file);
    requireValue(
      vision.bool('use_absolute_position_embeddings', true),
      true,
      named('use_absolute_position_embeddings'),
      file,
    );
  }
  const hiddenSize = vision.int('hidden_size', 1024);
  const numHeads = vision.int('num_attention_heads', 16);
  if (numHeads < 1 || hiddenSize % numHeads !== 0)
    throw configError(
      file,
      `Expected a multiple of num_attention_heads (${numHeads}) for ${named('hidden_size')} but received ${hiddenSize}`,
    );
  return {
    numLayers: vision.int('num_hidden_layers', 24),
    hiddenSize,
    intermediateSize: vision.int('intermediate_size', 4096),
    numHeads,
    numChannels: vision.int('num_channels', 3),
    patchSize: side(vision, 'patch_size', 14, file),
    imageSize: side(vision, 'image_size', 448, file),
    layerNormEps: vision.float('layer_norm_eps', 1e-6),
    qkvBias: vision.bool(form === 'hf' ? 'attention_bias' : 'qkv_bias', form === 'remote'),
  };
}

/** A number, or [rows, columns] of a square. */
function side(vision: ConfigReader, name: string, fallback: number, file: string): number {
  if (!Array.isArray(vision.raw[name])) return vision.int(name, fallback);
  const sides = vision.ints(name);
  if (sides.length === 2 && sides[0] === sides[1]) return sides[0]!;
  throw configError(file, `Expected two equal sides for vision_config.${name} but received [${sides.join(', ')}]`);
}

function readShuffle(root: ConfigReader, file: string): number {
  const ratio = root.float('downsample_ratio', 0.5);
  const shuffle = 1 / ratio;
  if (Number.isInteger(shuffle) && shuffle >= 1) return shuffle;
  throw configError(file, `Expected 1 over a whole number, such as 0.5, for downsample_ratio but received ${ratio}`);
}

function checkTile(size: number, patch: number, shuffle: number, file: string): void {
  if (size > 0 && size % (patch * shuffle) === 0) return;
  throw configError(
    file,
    `Expected a multiple of patch_size / downsample_ratio (${patch * shuffle}) for the image size but received ${size}`,
  );
}

function requireValue<T>(received: T, wanted: T, name: string, file: string): void {
  if (received !== wanted)
    throw configError(
      file,
      `Expected ${wanted} for ${name} but received ${received}. This variant of InternVL is not supported: use InternVL3-1B, 2B, 8B or 14B, whose vision tower is InternViT-300M`,
    );
}

function configError(file: string, what: string): UserError {
  return new UserError(`${what} in ${file}.`, { code: 'ERR_CONFIG' });
}
