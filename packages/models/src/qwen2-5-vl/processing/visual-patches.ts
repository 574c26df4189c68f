import { cat, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { Qwen25VLConfig, Qwen25VLVisionConfig } from '../config.js';
import type { Grid } from '../grid.js';
import { IMAGE_MEAN, IMAGE_STD, normalizeFrames, patchify } from './patchify.js';
import { imageBudget, type PixelBudgetOptions, pixelBudget, type TokenCover } from './pixel-budget.js';
import { resizeAsPillow } from './resize-as-pillow.js';
import { resizeFrames } from './resize-frames.js';
import { smartResize } from './smart-resize.js';

export interface PatchOptions extends PixelBudgetOptions {
  /** Channel means and deviations of values in [0, 1]; CLIP's by default. */
  imageMean?: readonly number[];
  imageStd?: readonly number[];
}

/** Rows for the vision tower: float32 [t · h · w, channels · 2 · 14 · 14]. */
export interface Patches {
  patches: Tensor;
  grid: Grid;
}

/** Size of each of so many frames of a video within the pixel budget. @throws UserError ERR_MEDIA */
export function videoFrameSize(
  count: number,
  [height, width]: readonly [height: number, width: number],
  { vision }: Pick<Qwen25VLConfig, 'vision'>,
  options: PixelBudgetOptions = {},
): [height: number, width: number] {
  return smartResize(height, width, {
    factor: factorOf(vision),
    ...pixelBudget(count, options, tokenCover(vision)),
  });
}

/**
 * Frames of a video, resized within the pixel budget (as torchvision does), normalised and cut.
 * @param frames uint8 [n, 3, h, w]
 * @param options.videoSize the video's [h, w], of frames that have been resized already
 * @throws UserError ERR_MEDIA
 */
export function videoPatches(
  frames: Tensor,
  config: Qwen25VLConfig,
  { videoSize, ...options }: PatchOptions & { videoSize?: readonly [height: number, width: number] } = {},
): Patches {
  const { vision } = config;
  const [n, channels, height, width] = frames.shape as [number, number, number, number];
  if (frames.dim !== 4 || channels !== vision.inChannels || frames.dtype !== 'uint8' || frames.numel === 0)
    throw new UserError(
      `Expected video frames uint8 [n, ${vision.inChannels}, h, w] but received ${frames.dtype} [${frames.shape.join(', ')}].${frames.numel === 0 ? ' The video has no frames: check that it can be decoded.' : ''}`,
      { code: 'ERR_MEDIA' },
    );
  const [h, w] = videoFrameSize(n, videoSize ?? [height, width], config, options);
  return scope(() => cut(resizeFrames(frames, h, w), vision, options));
}

/**
 * An image, resized within its pixel limits (as Pillow does), normalised and cut; its one frame is taken twice.
 * @param image uint8 [3, h, w]
 * @throws UserError ERR_MEDIA
 */
export function imagePatches(image: Tensor, config: Qwen25VLConfig, options: PatchOptions = {}): Patches {
  const { vision } = config;
  if (image.dim !== 3 || image.size(0) !== vision.inChannels || image.dtype !== 'uint8' || image.numel === 0)
    throw new UserError(
      `Expected an image uint8 [${vision.inChannels}, h, w] but received ${image.dtype} [${image.shape.join(', ')}].`,
      { code: 'ERR_MEDIA' },
    );
  const [h, w] = smartResize(image.size(1), image.size(2), {
    factor: factorOf(vision),
    ...imageBudget(options, tokenCover(vision)),
  });
  return scope(() => cut(resizeAsPillow(image.unsqueeze(0), h, w), vision, options));
}

/** Sides of resized frames are multiples of it. */
function factorOf(vision: Qwen25VLVisionConfig): number {
  return vision.patchSize * vision.spatialMergeSize;
}

/** What a token of the language model covers. */
export function tokenCover(vision: Qwen25VLVisionConfig): Required<TokenCover> {
  return { pixels: factorOf(vision) ** 2, frames: vision.temporalPatchSize };
}

/** Frame pairs normalised and cut at a time: the work is in float32, four times the size of the frames. */
const PAIRS = 16;

function cut(frames: Tensor, vision: Qwen25VLVisionConfig, { imageMean, imageStd }: PatchOptions): Patches {
  const [h, w] = [frames.size(2) / vision.patchSize, frames.size(3) / vision.patchSize];
  const chunks = frames.split(PAIRS * vision.temporalPatchSize).map((chunk) =>
    // Only the last chunk may have an odd frame.
    scope(() => patchify(normalizeFrames(chunk, imageMean ?? IMAGE_MEAN, imageStd ?? IMAGE_STD), vision).patches),
  );
  const patches = chunks.length > 1 ? cat(chunks) : chunks[0]!;
  return { patches, grid: [patches.size(0) / (h * w), h, w] };
}
