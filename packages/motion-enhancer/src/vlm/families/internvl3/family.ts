import {
  INTERNVL3_SYSTEM,
  type InternVL3Config,
  loadInternVL3,
  prepareInternVL3Tokens,
  readInternVL3Config,
} from '@motion-enhancer/models';
import { transformerFlops } from '../../memory/transformer-flops.js';
import type { PixelInput } from '../../types.js';
import type { VlmFamily, VlmTraits } from '../family.js';
import { framesByRule } from '../frame-rules.js';
import { internVLFrameResize } from './frame-resize.js';
import { imageTokenOf } from './image-token.js';
import { internVL3Model } from './model.js';
import { prepareInternVLMedium } from './prepare-medium.js';
import { internVL3Size } from './size.js';

const TRAITS: VlmTraits = { frames: 'count', prompts: 'direct' };

/** InternVL3, original (`internvl_chat`) or `-hf`. */
export const internVL3Family: VlmFamily<InternVL3Config> = {
  id: 'internvl3',
  name: 'InternVL3',
  modelTypes: ['internvl', 'internvl_chat'],
  examples: ['OpenGVLab/InternVL3-2B', 'OpenGVLab/InternVL3-2B-hf'],
  traits: TRAITS,
  ownSettings: ['maxTiles', 'frameLabel'],
  systemPrompts: { internvl: INTERNVL3_SYSTEM },
  readConfig(raw, file, tokenizer) {
    const imageTokenId = tokenizer && imageTokenOf(raw, file, tokenizer);
    const config = readInternVL3Config(raw, file);
    return imageTokenId === undefined ? config : { ...config, imageTokenId };
  },
  size: internVL3Size,
  stepFlops: ({ config, size }, { tokens, logits, media }) =>
    transformerFlops(size, {
      tokens,
      logits,
      patches: media.reduce((n, { pixels }) => n + patchesOf(config, pixels), 0),
    }),
  framesPerToken: () => 1,
  chooseFrames: (_, video, settings, span) =>
    framesByRule({ frames: TRAITS.frames, framesPerToken: 1 }, video, settings, span),
  frameResize: internVLFrameResize,
  prepareMedium: prepareInternVLMedium,
  prepareTokens({ tokenizer, config }, messages, media, { system, frameLabel }) {
    const sizes = media.map(({ type, grid }) => ({ type, count: grid[0] }));
    const chat = prepareInternVL3Tokens(tokenizer, config, messages, sizes, {
      system: system === undefined ? config.system : system,
      frameLabel,
    });
    return { ...chat, positions: null, rope: null };
  },
  load: ({ dir, config }, options) =>
    internVL3Model(loadInternVL3(dir, { ...options, imageTokenId: config.imageTokenId })),
};

/** Places of the tower: patches of all tiles [n, 3, h, w]. */
function patchesOf({ vision }: InternVL3Config, { shape }: PixelInput['pixels']): number {
  const [n, , h, w] = shape as [number, number, number, number];
  return n * (h / vision.patchSize) * (w / vision.patchSize);
}
