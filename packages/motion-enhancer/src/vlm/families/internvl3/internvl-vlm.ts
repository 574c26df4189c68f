import { scope } from '@motion-enhancer/libtorch';
import {
  generateInternVL3,
  generateInternVL3Batch,
  IMAGENET_MEAN,
  IMAGENET_STD,
  type InternVL3,
  type InternVL3Config,
  normalizeInChunks,
  type ProcessorConfig,
  prepareInternVL3Tokens,
  resizeAsPillow,
  tileFrames,
  tileImage,
  tileOptions,
} from '@motion-enhancer/models';
import { systemOf } from '../../chat/system-prompt.js';
import { encodeInternVL } from '../../generate/encode-in-pieces.js';
import { generateGroups } from '../../generate/in-groups.js';
import type { FrameResize } from '../../media/fit-frames.js';
import type { DecodedMedium, InputSettings, MediumInput, PreparedChat, Vlm } from '../../types.js';
import type { FolderParts } from '../family-parts.js';

/** A loaded InternVL3 behind the interface of all families. */
export function internVlm(model: InternVL3, folder: FolderParts): Vlm {
  const { config } = model;
  const inputOf = (chat: PreparedChat) => ({
    ids: chat.ids,
    visual: chat.visual ?? encodeInternVL(model, chat.inputs),
  });
  return {
    ...folder,
    family: 'internvl3',
    model,
    device: model.device,
    dtype: model.dtype,
    contextLength: config.text.maxPositionEmbeddings,
    framesPerToken: 1,
    frameResize: () => internVLFrameResize(config),
    prepareMedium: (medium, settings) => prepareInternVLMedium(config, folder.processor, medium, settings),
    prepareTokens(messages, media, settings) {
      const sizes = media.map(({ type, grid }) => ({ type, count: grid[0] }));
      const chat = prepareInternVL3Tokens(folder.tokenizer, config, messages, sizes, {
        system: systemOf(settings.system, config.system),
        frameLabel: settings.frameLabel,
      });
      return { ...chat, positions: null, rope: null };
    },
    encode: (media) => encodeInternVL(model, media),
    forward: (chat, { visual = null, ...options } = {}) => model.forward({ ids: [chat.ids], visual, ...options }),
    generate: (chats, options) =>
      generateGroups(
        chats,
        options,
        inputOf,
        (input, o) => generateInternVL3(model, input, o),
        (inputs, o) => generateInternVL3Batch(model, inputs, o),
      ),
    save: (dir, options) => model.savePretrained(dir, options),
    dispose: () => model.dispose(),
  };
}

/** Frames are squashed to a tile each. */
export function internVLFrameResize({ tileSize }: Pick<InternVL3Config, 'tileSize'>): FrameResize {
  return { size: () => [tileSize, tileSize], resize: resizeAsPillow };
}

/** An image or video as the vision tower takes it: this needs no weights. */
export function prepareInternVLMedium(
  config: InternVL3Config,
  processor: ProcessorConfig,
  medium: DecodedMedium,
  settings: InputSettings,
): MediumInput {
  return scope(() => tilesOf(config, processor, medium, settings));
}

function tilesOf(
  config: InternVL3Config,
  processor: ProcessorConfig,
  medium: DecodedMedium,
  settings: InputSettings,
): MediumInput {
  const most = settings.maxTiles || processor.maxTiles;
  const options = tileOptions(config, {
    ...(processor.minTiles ? { minTiles: processor.minTiles } : {}),
    ...(most ? { maxTiles: most } : {}),
  });
  if (options.minTiles > options.maxTiles) options.minTiles = options.maxTiles;
  const tiles = medium.type === 'image' ? tileImage(medium.image, options) : tileFrames(medium.frames, config.tileSize);
  const count = tiles.size(0);
  return {
    type: medium.type,
    pixels: normalizeInChunks(tiles, processor.imageMean ?? IMAGENET_MEAN, processor.imageStd ?? IMAGENET_STD),
    grid: [count, 1, 1],
    frames: medium.type === 'image' ? [[0, 0]] : Array.from({ length: count }, (_, k) => [k, k] as const),
    seconds: medium.type === 'image' ? [0] : medium.seconds,
  };
}
