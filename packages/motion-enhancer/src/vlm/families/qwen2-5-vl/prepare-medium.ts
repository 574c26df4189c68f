import {
  imagePatches,
  type PatchOptions,
  type PixelBudgetOptions,
  type Qwen25VLConfig,
  tokenCover,
  VIDEO_LEAST_TOKENS,
  videoPatches,
} from '@motion-enhancer/models';
import type { DecodedMedium, InputSettings, MediumInput } from '../../types.js';
import type { MediaFolder } from '../family.js';

/** An image or video as the vision tower takes it: this needs no weights. */
export function prepareQwenMedium(
  { config, processor }: MediaFolder<Qwen25VLConfig>,
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
