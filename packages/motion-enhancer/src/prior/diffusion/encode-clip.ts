import { scope } from '@motion-enhancer/libtorch';
import { clipOfFrames, framesTensor } from '../../data/clip.js';
import type { VideoFrames } from '../../data/video/index.js';
import type { PriorConfig } from '../config.js';
import { checkSize } from './check-size.js';
import { posteriorSeed } from './seeds.js';
import type { Latents, VideoDiffusion } from './video-diffusion.js';

/** Resizes and encodes the frames of one video; the result belongs to the caller's scope. @throws UserError for a size */
export function encodeClip(
  vdm: Pick<VideoDiffusion, 'encodeVideo' | 'sizeMultiple' | 'dtype' | 'device'>,
  frames: VideoFrames,
  config: PriorConfig,
): Latents {
  checkSize(vdm.sizeMultiple, config);
  return scope(() => {
    const clip = clipOfFrames(framesTensor(frames).to(vdm.device), config.height, config.width).to(vdm.dtype);
    return vdm.encodeVideo(clip, {
      memory: codingBytes(config),
      ...(config.posterior === 'sample' ? { posteriorSeed: posteriorSeed(config.seed) } : {}),
    });
  });
}

/** `vaeMemory` in bytes. */
export const codingBytes = ({ vaeMemory }: Pick<PriorConfig, 'vaeMemory'>): number => vaeMemory * 2 ** 30;
