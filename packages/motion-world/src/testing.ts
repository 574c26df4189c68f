import { fixture } from '@motion-enhancer/support/testing';
import { cutTokenizer } from './vlm/cut-tokenizer.js';
import { CHAT_TEXTS, type MiniSizes } from './vlm/mini-config.js';
import { worldTexts } from './vlm/pretrain-samples.js';

/** Sizes for tests: seconds on a slow core. */
export const TINY: MiniSizes = {
  hidden: 64,
  layers: 2,
  heads: 4,
  intermediate: 96,
  visionHidden: 32,
  visionDepth: 2,
  visionHeads: 2,
  visionIntermediate: 64,
};

export const TINY_TEXTS = [
  ...CHAT_TEXTS,
  'which way does the thing move? A. left B. right C. up D. down',
  'the red circle moves left, a blue square stays.',
];

export const tinyTokenizer = () => cutTokenizer(fixture('tokenizers/qwen2'), TINY_TEXTS);

/** With every word of the world. */
export const worldTokenizer = () => cutTokenizer(fixture('tokenizers/qwen2'), [...CHAT_TEXTS, ...worldTexts(600)]);
