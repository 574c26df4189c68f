import { UserError } from '@motion-enhancer/support';
import { readImage } from '../image/read-image.js';
import type { FrameFit, VideoFrames } from './read-frames.js';

/** Pictures come without times: as many a second as the VLMs take them for. Source: qwen-vl-utils 0.0.10 (sample_fps). */
export const PICTURES_FPS = 2;

interface Size {
  width: number;
  height: number;
}

/**
 * Pictures as frames of a video, all of one size, one in memory at its full size at a time.
 * @param places which of them, in order
 * @param fit size for so many pictures of the first one's size; null: as they are
 * @throws UserError ERR_IMAGE, naming the file; ERR_VIDEO for none, or for pictures of other sizes
 */
export async function readPictures(
  paths: readonly string[],
  places: readonly number[],
  fit: (video: Size, count: number) => FrameFit | null = () => null,
): Promise<VideoFrames> {
  let first: Size | undefined;
  let fitted: FrameFit | null = null;
  let data = new Uint8Array();
  for (const [at, place] of places.entries()) {
    const image = await readImage(paths[place]!);
    if (!first) {
      first = { width: image.width, height: image.height };
      fitted = fit(first, places.length);
      const { width, height } = fitted ?? first;
      data = new Uint8Array(places.length * width * height * 3);
    }
    if (image.width !== first.width || image.height !== first.height)
      throw new UserError(
        `Expected frames of one size but received ${first.width}×${first.height} (${paths[places[0]!]}) and ${image.width}×${image.height} (${paths[place]}).`,
        { code: 'ERR_VIDEO' },
      );
    data.set(fitted ? fitted.resize(image.data) : image.data, (at * data.length) / places.length);
  }
  if (!first)
    throw new UserError('Expected a picture for each frame of the video but received none.', { code: 'ERR_VIDEO' });
  const { width, height } = first;
  const timestamps = paths.map((_, i) => i / PICTURES_FPS);
  const info: VideoFrames['info'] = {
    path: paths[0]!,
    container: '',
    codec: 'pictures',
    pixelFormat: 'rgb24',
    ...{ width, height, storedWidth: width, storedHeight: height, rotation: 0 },
    ...{ fps: PICTURES_FPS, duration: paths.length / PICTURES_FPS, headerDuration: null, headerFrames: null },
    ...{ decodedFrames: paths.length, timestamps, verdict: 'ok', reason: null },
  };
  const size = { width: fitted?.width ?? width, height: fitted?.height ?? height };
  return { info, data, ...size, indices: [...places], timestamps: places.map((place) => timestamps[place]!) };
}
