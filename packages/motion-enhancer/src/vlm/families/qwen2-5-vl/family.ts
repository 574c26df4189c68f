import {
  DEFAULT_SYSTEM,
  loadQwen25VL,
  prepareQwen25VLTokens,
  type Qwen25VLConfig,
  readQwen25VLConfig,
} from '@motion-enhancer/models';
import { transformerFlops } from '../../memory/transformer-flops.js';
import type { VlmFamily, VlmTraits } from '../family.js';
import { framesByRule } from '../frame-rules.js';
import { checkProcessor } from './check-processor.js';
import { qwenFrameResize } from './frame-resize.js';
import { qwen25VLModel } from './model.js';
import { prepareQwenMedium } from './prepare-medium.js';
import { qwen25VLSize } from './size.js';

const TRAITS: VlmTraits = { frames: 'rate', prompts: 'general' };

/** Qwen2.5-VL, flat or nested config. */
export const qwen25VLFamily: VlmFamily<Qwen25VLConfig> = {
  id: 'qwen2_5_vl',
  name: 'Qwen2.5-VL',
  modelTypes: ['qwen2_5_vl'],
  examples: ['Qwen/Qwen2.5-VL-3B-Instruct'],
  traits: TRAITS,
  ownSettings: [
    'minPixels',
    'maxPixels',
    'totalPixels',
    'imageMaxPixels',
    'secondPerGrid',
    'mropeRounding',
    'mropeResume',
    'addVisionId',
  ],
  systemPrompts: { qwen: DEFAULT_SYSTEM },
  readConfig: (raw, file) => readQwen25VLConfig(raw, file),
  size: qwen25VLSize,
  /** A patch is a place of the tower. */
  stepFlops: ({ size }, { tokens, logits, media }) =>
    transformerFlops(size, { tokens, logits, patches: media.reduce((n, { pixels }) => n + pixels.size(0), 0) }),
  framesPerToken: ({ vision }) => vision.temporalPatchSize,
  chooseFrames: ({ vision }, video, settings, span) =>
    framesByRule({ frames: TRAITS.frames, framesPerToken: vision.temporalPatchSize }, video, settings, span),
  frameResize: qwenFrameResize,
  prepareMedium: prepareQwenMedium,
  prepareTokens: ({ tokenizer, config }, messages, media, { system, ...settings }) =>
    prepareQwen25VLTokens(tokenizer, config, messages, media, {
      rounding: settings.mropeRounding,
      resume: settings.mropeResume,
      addVisionId: settings.addVisionId,
      ...(system === undefined ? {} : { system }),
    }),
  load(folder, options) {
    checkProcessor(folder);
    return qwen25VLModel(loadQwen25VL(folder.dir, options));
  },
};
