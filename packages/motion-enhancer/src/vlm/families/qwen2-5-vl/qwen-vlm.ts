import {
  generate,
  generateBatch,
  imagePatches,
  type PatchOptions,
  type PixelBudgetOptions,
  type ProcessorConfig,
  prepareQwen25VLTokens,
  type Qwen25VL,
  type Qwen25VLConfig,
  resizeFrames,
  tokenCover,
  VIDEO_LEAST_TOKENS,
  videoFrameSize,
  videoPatches,
} from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import { systemOf } from '../../chat/system-prompt.js';
import { encodeQwen } from '../../generate/encode-in-pieces.js';
import { generateGroups } from '../../generate/in-groups.js';
import type { FrameResize } from '../../media/fit-frames.js';
import type { ChatTokens, DecodedMedium, InputSettings, MediumInput, PreparedChat, Vlm } from '../../types.js';
import type { FolderParts } from '../family-parts.js';

/** A loaded Qwen2.5-VL behind the interface of all families. @throws UserError ERR_CONFIG */
export function qwenVlm(model: Qwen25VL, folder: FolderParts): Vlm {
  const { config } = model;
  checkProcessor(model, folder);
  const visualOf = (chat: PreparedChat) => chat.visual ?? encodeQwen(model, chat.inputs);
  const inputOf = (chat: PreparedChat) => ({ ids: chat.ids, visual: visualOf(chat), rope: chat.rope! });
  return {
    ...folder,
    family: 'qwen2_5_vl',
    model,
    device: model.device,
    dtype: model.dtype,
    contextLength: config.text.maxPositionEmbeddings,
    framesPerToken: config.vision.temporalPatchSize,
    frameResize: (settings) => qwenFrameResize(config, settings),
    prepareMedium: (medium, settings) => prepareQwenMedium(config, folder.processor, medium, settings),
    prepareTokens(messages, media, settings) {
      const system = systemOf(settings.system, undefined);
      return prepareQwen25VLTokens(folder.tokenizer, config, messages, media, {
        rounding: settings.mropeRounding,
        resume: settings.mropeResume,
        addVisionId: settings.addVisionId,
        ...(system === undefined ? {} : { system }),
      });
    },
    encode: (media) => encodeQwen(model, media),
    forward: (chat, { visual = null, ...options } = {}) =>
      model.forward({ ids: [chat.ids], visual, positions_3BN: positionsOf(chat), ...options }),
    generate: (chats, options) =>
      generateGroups(
        chats,
        options,
        inputOf,
        (input, o) => generate(model, input, o),
        (inputs, o) => generateBatch(model, inputs, o),
      ),
    save: (dir, options) => model.savePretrained(dir, options),
    dispose: () => model.dispose(),
  };
}

/** How frames are resized within their limits. */
export function qwenFrameResize(config: Qwen25VLConfig, settings: InputSettings): FrameResize {
  const limits = limitsOf(settings, tokenCover(config.vision).pixels);
  return {
    size: (count, height, width) => videoFrameSize(count, [height, width], config, limits),
    resize: resizeFrames,
  };
}

/** An image or video as the vision tower takes it: this needs no weights. */
export function prepareQwenMedium(
  config: Qwen25VLConfig,
  processor: ProcessorConfig,
  medium: DecodedMedium,
  settings: InputSettings,
): MediumInput {
  const { imageMean, imageStd } = processor;
  const colours: PatchOptions = { ...(imageMean ? { imageMean } : {}), ...(imageStd ? { imageStd } : {}) };
  if (medium.type === 'image') {
    const maxPixels = settings.imageMaxPixels || processor.maxPixels;
    const { patches, grid } = imagePatches(medium.image, config, {
      ...colours,
      ...(processor.minPixels ? { minPixels: processor.minPixels } : {}),
      ...(maxPixels ? { maxPixels } : {}),
    });
    return { type: 'image', pixels: patches, grid, frames: [[0, 0]], seconds: [0] };
  }
  const { patches, grid } = videoPatches(medium.frames, config, {
    ...colours,
    ...limitsOf(settings, tokenCover(config.vision).pixels),
    ...(medium.videoSize ? { videoSize: medium.videoSize } : {}),
  });
  const pair = config.vision.temporalPatchSize;
  const last = medium.frames.size(0) - 1;
  return {
    type: 'video',
    pixels: patches,
    grid,
    secondPerGrid: settings.secondPerGrid === 'true' ? pair / medium.sampleFps : 1,
    frames: Array.from({ length: grid[0] }, (_, k) => [Math.min(k * pair, last), Math.min(k * pair + pair - 1, last)]),
    seconds: medium.seconds,
  };
}

/**
 * The pixel limits of a video's frames. qwen-vl-utils would enlarge frames to its least size although a user asked for
 * smaller ones: here the least size then is one token.
 */
function limitsOf({ minPixels, maxPixels, totalPixels }: InputSettings, token: number): PixelBudgetOptions {
  const least = minPixels || (maxPixels < VIDEO_LEAST_TOKENS * token ? token : 0);
  return {
    ...(least ? { minPixels: least } : {}),
    maxPixels,
    ...(totalPixels ? { totalPixels } : {}),
  };
}

function positionsOf({ positions }: ChatTokens) {
  if (positions) return positions;
  throw new TypeError('a chat of another family has no positions of Qwen2.5-VL');
}

/** The processor's patches must be those that the weights are for. */
function checkProcessor({ config: { vision } }: Qwen25VL, { dir, processor }: FolderParts): void {
  for (const [field, wanted] of [
    ['patchSize', vision.patchSize],
    ['temporalPatchSize', vision.temporalPatchSize],
    ['mergeSize', vision.spatialMergeSize],
  ] as const) {
    const given = processor[field];
    if (given !== undefined && given !== wanted)
      throw new UserError(
        `Expected ${wanted} (as config.json has it) for ${field} in the preprocessor config of ${dir} but received ${given}. Take both files from one checkpoint.`,
        { code: 'ERR_CONFIG' },
      );
  }
}
