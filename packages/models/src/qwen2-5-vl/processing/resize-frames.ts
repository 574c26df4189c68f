import { aten, cat, scope, type Tensor } from '@motion-enhancer/libtorch';

/** Frames resized at a time: the work is in float32, four times the size of the frames. */
const CHUNK = 16;

/**
 * Bicubic, antialiased resize of uint8 frames [n, 3, h, w], rounded back to uint8: what torchvision's
 * `transforms.functional.resize` computes, which qwen-vl-utils calls.
 * Source: torchvision transforms/_functional_tensor.py (resize).
 */
export function resizeFrames(frames: Tensor, height: number, width: number): Tensor {
  if (frames.size(2) === height && frames.size(3) === width) return frames;
  return scope(() => {
    const chunks = frames.split(CHUNK).map((chunk) =>
      scope(() => {
        const resized = aten._upsample_bicubic2d_aa(chunk.to('float32'), [height, width], false) as Tensor;
        return resized.clamp(0, 255).round().to('uint8');
      }),
    );
    return cat(chunks);
  });
}
