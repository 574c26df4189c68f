import { scope } from '@motion-enhancer/libtorch';
import {
  IMAGENET_MEAN,
  IMAGENET_STD,
  type InternVL3Config,
  normalizeInChunks,
  tileFrames,
  tileImage,
  tileOptions,
} from '@motion-enhancer/models';
import type { DecodedMedium, InputSettings, MediumInput } from '../../types.js';
import type { MediaFolder } from '../family.js';

/** An image or video as the vision tower takes it: this needs no weights. */
export function prepareInternVLMedium(
  folder: MediaFolder<InternVL3Config>,
  medium: DecodedMedium,
  settings: InputSettings,
): MediumInput {
  return scope(() => tilesOf(folder, medium, settings));
}

function tilesOf(
  { config, processor }: MediaFolder<InternVL3Config>,
  medium: DecodedMedium,
  settings: InputSettings,
): MediumInput {
  const maxTiles = settings.maxTiles || processor.maxTiles;
  const options = tileOptions(config, {
    ...(processor.minTiles ? { minTiles: processor.minTiles } : {}),
    ...(maxTiles ? { maxTiles } : {}),
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
