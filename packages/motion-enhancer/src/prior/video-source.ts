import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { sha256File, UserError } from '@motion-enhancer/support';
import { readImage } from '../data/image/read-image.js';
import type { RgbImage } from '../data/image/rgb-image.js';
import { readFrames, type VideoFrames } from '../data/video/index.js';

/** What a sample's video is: a file, a part of one (seconds), or pictures, one a frame. */
export type VideoSource = { path: string; start?: number; end?: number } | { paths: readonly string[] };

/** Pictures come without times: as many a second as the VLMs take them for. */
const PICTURES_FPS = 2;

/** A path is the whole file. */
export const asSource = (video: string | VideoSource): VideoSource =>
  typeof video === 'string' ? { path: video } : video;

/** The file that a source is told by. */
export const fileOf = (source: VideoSource): string => ('path' in source ? source.path : (source.paths[0] ?? ''));

/** The same source, good from any folder. */
export function absoluteSource(source: VideoSource): VideoSource {
  return 'path' in source
    ? { ...source, path: resolve(source.path) }
    : { paths: source.paths.map((path) => resolve(path)) };
}

/** Hash of the files, and what of the video a prior's key depends on: the same for whole files. */
export async function hashSource(source: VideoSource): Promise<{ sha256: string; identity: string }> {
  if ('path' in source) {
    const sha256 = await sha256File(source.path);
    const { start, end } = source;
    return { sha256, identity: start === undefined && end === undefined ? sha256 : `${sha256} ${start} to ${end}` };
  }
  const hash = createHash('sha256');
  for (const path of source.paths) hash.update(await sha256File(path));
  const sha256 = hash.digest('hex');
  return { sha256, identity: sha256 };
}

/**
 * Frames of a source. Of a part of a file the frames whose time lies in it are chosen from.
 * @param choose from how many frames there are to places among them
 * @returns `indices` are places in the whole file, or among the pictures
 * @throws UserError `ERR_VIDEO`, `ERR_IMAGE`
 */
export async function readSource(
  source: VideoSource,
  choose: (count: number) => readonly number[],
  onBroken: 'fail' | 'use',
): Promise<VideoFrames> {
  if ('paths' in source) return readPictures(source.paths, choose(source.paths.length));
  const { path, start = Number.NEGATIVE_INFINITY, end = Number.POSITIVE_INFINITY } = source;
  return readFrames(path, {
    choose: ({ timestamps }) => {
      const inside = timestamps.flatMap((time, place) => (time >= start && time <= end ? [place] : []));
      if (inside.length === 0)
        throw new UserError(
          `Expected frames from ${start} to ${end} s in ${JSON.stringify(path)} but it lasts from ${timestamps[0]} to ${timestamps.at(-1)} s. Correct the row's clip.`,
          { code: 'ERR_VIDEO' },
        );
      return choose(inside.length).map((place) => inside[place]!);
    },
    onBroken,
  });
}

/** Pictures as frames, all of one size. @param places which of them, in order */
export async function readPictures(paths: readonly string[], places: readonly number[]): Promise<VideoFrames> {
  const images: RgbImage[] = [];
  for (const place of places) images.push(await readImage(paths[place]!));
  const [first] = images;
  if (!first)
    throw new UserError('Expected a picture for each frame of the video but received none.', { code: 'ERR_VIDEO' });
  const { width, height } = first;
  const other = images.findIndex((image) => image.width !== width || image.height !== height);
  if (other >= 0)
    throw new UserError(
      `Expected frames of one size but received ${width}×${height} (${paths[places[0]!]}) and ${images[other]!.width}×${images[other]!.height} (${paths[places[other]!]}).`,
      { code: 'ERR_VIDEO' },
    );
  const bytes = width * height * 3;
  const data = new Uint8Array(bytes * images.length);
  images.forEach((image, i) => {
    data.set(image.data, i * bytes);
  });
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
  return { info, data, width, height, indices: [...places], timestamps: places.map((place) => timestamps[place]!) };
}
