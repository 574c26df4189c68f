import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rememberedHash, UserError } from '@motion-enhancer/support';
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

/**
 * Hash of the files, and what of the video a prior's key depends on: the same for whole files. Pictures are hashed in
 * their order, those of a folder by name.
 */
export function hashSource(source: VideoSource): { sha256: string; identity: string } {
  if ('paths' in source) return hashPictures(source.paths);
  if (statSync(source.path).isDirectory()) return hashPictures(filesOf(source.path));
  const sha256 = rememberedHash(source.path);
  const { start, end } = source;
  return { sha256, identity: start === undefined && end === undefined ? sha256 : `${sha256} ${start} to ${end}` };
}

function hashPictures(paths: readonly string[]): { sha256: string; identity: string } {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(rememberedHash(path));
  const sha256 = hash.digest('hex');
  return { sha256, identity: sha256 };
}

function filesOf(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => !name.startsWith('.'));
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).map((name) => join(dir, name));
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
