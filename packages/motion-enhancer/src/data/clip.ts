import { aten, fromTypedArray, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { VideoFrames } from './video/index.js';

/** Frames as a tensor: uint8 [n, 3, h, w]. */
export function framesTensor(frames: VideoFrames): Tensor {
  const { width, height, indices } = frames;
  return scope(() => fromTypedArray(frames.data, [indices.length, height, width, 3]).permute(0, 3, 1, 2).contiguous());
}

/**
 * What the VAE takes: bicubic (antialiased) resize, then [−1, 1].
 * @param frames uint8 [n, 3, h, w]
 * @returns float32 [1, 3, n, height, width]
 */
export function clipOfFrames(frames: Tensor, height: number, width: number): Tensor {
  return scope(() => {
    const resized =
      frames.size(2) === height && frames.size(3) === width
        ? frames
        : frames.device === 'cpu'
          ? aten._upsample_bicubic2d_aa(frames, [height, width], false)
          : // On a GPU there is no kernel for bytes: rounded as that of the CPU does.
            aten._upsample_bicubic2d_aa(frames.to('float32'), [height, width], false).round().clamp(0, 255);
    return resized.to('float32').div(255).mul(2).sub(1).permute(1, 0, 2, 3).unsqueeze(0).contiguous();
  });
}
