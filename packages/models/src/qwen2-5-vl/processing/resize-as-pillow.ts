import { aten, cat, scope, type Tensor } from '@motion-enhancer/libtorch';

/** Frames resized at a time. */
const CHUNK = 16;

/**
 * Bicubic, antialiased resize of uint8 frames [n, 3, h, w] as Pillow's `Image.resize(…, BICUBIC)`: rows and columns one
 * after the other, each rounded and clipped to uint8. On the CPU, where the operator has that form (in float32, sharp
 * edges differ by tens of levels).
 *
 * The width comes first, except where the height shrinks and the width grows: there Pillow 13 begins with the height.
 * Earlier versions never did, and differ from this at sharp edges of such frames only.
 */
export function resizeAsPillow(frames: Tensor, height: number, width: number): Tensor {
  const [, , h, w] = frames.shape as [number, number, number, number];
  if (h === height && w === width) return frames;
  const heightFirst = height < h && width > w;
  return scope(() => {
    const chunks = frames
      .cpu()
      .split(CHUNK)
      .map((chunk) => scope(() => bicubic(heightFirst ? bicubic(chunk, height, w) : chunk, height, width)));
    return cat(chunks).to(frames.device);
  });
}

/** The operator itself does the width first. */
function bicubic(frames: Tensor, height: number, width: number): Tensor {
  return aten._upsample_bicubic2d_aa(frames.contiguous(), [height, width], false) as Tensor;
}
