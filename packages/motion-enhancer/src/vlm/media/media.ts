import { cat, fromTypedArray, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { framesTensor } from '../../data/clip.js';
import { type RgbImage, readImage } from '../../data/image/index.js';
import { readFrames } from '../../data/video/index.js';
import type { DecodedMedium, MediaPreparation, VlmPart } from '../types.js';
import type { VideoSettings } from './video-input.js';

export type MediumPart = Exclude<VlmPart, { type: 'text' }>;

/** Frames of a list of pictures have no clock of their own. Source: qwen-vl-utils 0.0.10 (sample_fps). */
const LIST_FPS = 2;

/**
 * Decodes an image, or the chosen frames of a video. Tensors that were given stay the caller's; those of files are in
 * the caller's care.
 * @throws UserError ERR_IMAGE, ERR_VIDEO, ERR_MEDIA, ERR_VALUE
 */
export async function decodeMedium(
  { chooseFrames }: Pick<MediaPreparation, 'chooseFrames'>,
  part: MediumPart,
  settings: VideoSettings,
): Promise<DecodedMedium> {
  if (part.type === 'image') {
    return { type: 'image', image: 'image' in part ? part.image : await imageTensor(part.path) };
  }
  if ('frames' in part) {
    const { frames, sampleFps } = part;
    return { type: 'video', frames, sampleFps, seconds: evenly(frames.size(0), sampleFps) };
  }
  if ('paths' in part) return decodeList(part.paths, part.sampleFps ?? LIST_FPS);
  let sampleFps = 1;
  const video = await readFrames(part.path, {
    choose: (info) => {
      const chosen = chooseFrames(info, settings, part);
      sampleFps = chosen.sampleFps;
      return chosen.indices;
    },
  });
  return { type: 'video', frames: framesTensor(video), sampleFps, seconds: video.timestamps };
}

/** Frees what `decodeMedium` made of a part. */
export function disposeDecoded(part: MediumPart, medium: DecodedMedium): void {
  if ('image' in part || 'frames' in part) return;
  (medium.type === 'image' ? medium.image : medium.frames).dispose();
}

/** uint8 [3, h, w] */
async function imageTensor(path: string): Promise<Tensor> {
  const { width, height, data } = await readImage(path);
  return scope(() => fromTypedArray(data, [height, width, 3]).permute(2, 0, 1).contiguous());
}

/** A video as a list of pictures, one a frame. */
async function decodeList(paths: readonly string[], sampleFps: number): Promise<DecodedMedium> {
  const images: (RgbImage & { path: string })[] = [];
  for (const path of paths) images.push({ path, ...(await readImage(path)) });
  const [first] = images;
  if (!first)
    throw new UserError('Expected a picture for each frame of the video but received none.', { code: 'ERR_MEDIA' });
  const other = images.find(({ width, height }) => width !== first.width || height !== first.height);
  if (other)
    throw new UserError(
      `Expected frames of one size but received ${first.width}×${first.height} (${first.path}) and ${other.width}×${other.height} (${other.path}).`,
      { code: 'ERR_MEDIA' },
    );
  const frames = scope(() =>
    cat(images.map(({ data }) => fromTypedArray(data, [1, first.height, first.width, 3])))
      .permute(0, 3, 1, 2)
      .contiguous(),
  );
  return { type: 'video', frames, sampleFps, seconds: evenly(paths.length, sampleFps) };
}

function evenly(count: number, fps: number): number[] {
  return Array.from({ length: count }, (_, k) => k / fps);
}
