import { aten, cat, scope, type Tensor } from '@motion-enhancer/libtorch';

/** Frames resized at a time. */
const CHUNK = 16;

/**
 * Bicubic, antialiased resize of uint8 frames [n, 3, h, w] as Pillow's `Image.resize(…, BICUBIC)`: rows and columns one
 * after the other, each rounded and clipped to uint8. On the CPU, where the operator has that form (in float32, sharp
 * edges differ by tens of levels).
 */
export function resizeAsPillow(frames: Tensor, height: number, width: number): Tensor {
  if (frames.size(2) === height && frames.size(3) === width) return frames;
  return scope(() => {
    const chunks = frames
      .cpu()
      .split(CHUNK)
      .map((chunk) => aten._upsample_bicubic2d_aa!(chunk.contiguous(), [height, width], false) as Tensor);
    return cat(chunks).to(frames.device);
  });
}
