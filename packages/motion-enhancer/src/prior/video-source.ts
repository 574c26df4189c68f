import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { UserError } from '@motion-enhancer/libtorch/errors';
import { readFrames, type VideoFrames } from '../data/video/index.js';
import { readPictures } from '../data/video/read-pictures.js';
import { sha256File } from './key.js';

/** What a sample's video is: a file, a part of one (seconds), or pictures, one a frame. */
export type VideoSource = { path: string; start?: number; end?: number } | { paths: readonly string[] };

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
