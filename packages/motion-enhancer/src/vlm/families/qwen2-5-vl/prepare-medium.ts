import { imagePatches, type PatchOptions, type Qwen25VLConfig, videoPatches } from '@motion-enhancer/models';
import type { DecodedMedium, InputSettings, MediumInput } from '../../types.js';
import type { MediaFolder } from '../family.js';
import { frameLimits } from './frame-resize.js';

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
    ...frameLimits(config, settings),
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
