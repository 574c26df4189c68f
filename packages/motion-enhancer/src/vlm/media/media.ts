import { fromTypedArray, scope, type Tensor } from '@motion-enhancer/libtorch';
import { framesTensor } from '../../data/clip.js';
import { readImage } from '../../data/image/index.js';
import { localPath } from '../../data/local-path.js';
import { readFrames } from '../../data/video/index.js';
import { pictureFolder } from '../../data/video/picture-folder.js';
import { readPictures } from '../../data/video/read-pictures.js';
import type { DecodedMedium, MediaPreparation, VlmPart } from '../types.js';
import { type FrameResize, fitFrames } from './fit-frames.js';
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
  { chooseFrames, frameResize }: Pick<MediaPreparation, 'chooseFrames' | 'frameResize'>,
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
  const resize = frameResize(settings);
  if ('paths' in part) return decodeList(part.paths, part.sampleFps ?? LIST_FPS, resize);
  const pictures = pictureFolder(localPath(part.path));
  if (pictures && pictures.length > 0) return decodeList(pictures, LIST_FPS, resize);
  let sampleFps = 1;
  const video = await readFrames(part.path, {
    choose: (info) => {
      const chosen = chooseFrames(info, settings, part);
      sampleFps = chosen.sampleFps;
      return chosen.indices;
    },
    fit: (info, chosen) => fitFrames(resize, info, chosen),
  });
  const { height, width } = video.info;
  return {
    type: 'video',
    frames: framesTensor(video),
    sampleFps,
    seconds: video.timestamps,
    ...(video.height === height && video.width === width ? {} : { videoSize: [height, width] }),
  };
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
async function decodeList(
  paths: readonly string[],
  sampleFps: number,
  resize: FrameResize | null,
): Promise<DecodedMedium> {
  const video = await readPictures(
    paths,
    paths.map((_, place) => place),
    (size, count) => fitFrames(resize, size, count),
  );
  const { height, width } = video.info;
  return {
    type: 'video',
    frames: framesTensor(video),
    sampleFps,
    seconds: evenly(paths.length, sampleFps),
    ...(video.height === height && video.width === width ? {} : { videoSize: [height, width] }),
  };
}

function evenly(count: number, fps: number): number[] {
  return Array.from({ length: count }, (_, k) => k / fps);
}
