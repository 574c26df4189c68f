import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { assertRegularFile, rememberedHash, UserError } from '@motion-enhancer/support';
import { localPath } from '../data/local-path.js';
import { readFrames, type VideoFrames } from '../data/video/index.js';
import { pictureFolder } from '../data/video/picture-folder.js';
import { readPictures } from '../data/video/read-pictures.js';
import { videoError } from '../data/video/video-error.js';

/** What a sample's video is: a file, a part of one (seconds), or pictures, one a frame. */
export type VideoSource = { path: string; start?: number; end?: number } | { paths: readonly string[] };

/** A path is the whole file, or the pictures of a folder in their natural order. */
export function asSource(video: string | VideoSource): VideoSource {
  if (typeof video !== 'string') return video;
  const path = localPath(video);
  const paths = pictureFolder(path);
  return paths && paths.length > 0 ? { paths } : { path };
}

/** The file that a source is told by. */
export const fileOf = (source: VideoSource): string => ('path' in source ? source.path : (source.paths[0] ?? ''));

/** The same source, good from any folder. */
export function absoluteSource(source: VideoSource): VideoSource {
  return 'path' in source
    ? { ...source, path: resolve(source.path) }
    : { paths: source.paths.map((path) => resolve(path)) };
}

/** Hash of the files, and what of the video a prior's key depends on: the same for whole files. Pictures count in their order. */
export function hashSource(source: VideoSource): { sha256: string; identity: string } {
  if ('path' in source) {
    const sha256 = hashFile(source.path);
    const { start, end } = source;
    return { sha256, identity: start === undefined && end === undefined ? sha256 : `${sha256} ${start} to ${end}` };
  }
  const hash = createHash('sha256');
  for (const path of source.paths) hash.update(hashFile(path));
  const sha256 = hash.digest('hex');
  return { sha256, identity: sha256 };
}

/** Hashing a pipe or a device would not end. */
function hashFile(path: string): string {
  assertRegularFile(path, (problem, remedy, cause) => videoError(path, problem, remedy, cause));
  return rememberedHash(path);
}

/** Clocks are counted from a video's first frame, as by loaders that count frames; so much is lost in doing so, s. */
const ROUNDING_S = 1e-9;

/**
 * Frames of a source. Of a part of a file the frames whose time since the first lies in it are chosen from.
 * @param choose from how many frames there are to places among them
 * @param fit what becomes of frames as they are decoded, see `boundedFit`
 * @returns `indices` are places in the whole file, or among the pictures
 * @throws UserError `ERR_VIDEO`, `ERR_IMAGE`
 */
export async function readSource(
  source: VideoSource,
  choose: (count: number) => readonly number[],
  onBroken: 'fail' | 'use',
  fit: Parameters<typeof readPictures>[2] = () => null,
): Promise<VideoFrames> {
  if ('paths' in source) return readPictures(source.paths, choose(source.paths.length), fit);
  const { path, start = Number.NEGATIVE_INFINITY, end = Number.POSITIVE_INFINITY } = source;
  return readFrames(path, {
    choose: ({ timestamps }) => {
      const since = timestamps.map((time) => time - timestamps[0]!);
      const inside = since.flatMap((time, place) =>
        time >= start - ROUNDING_S && time <= end + ROUNDING_S ? [place] : [],
      );
      if (inside.length === 0)
        throw new UserError(
          `Expected frames from ${start} to ${end} s in ${JSON.stringify(path)} but its frames are from 0 to ${since.at(-1)} s. Correct the row's clip.`,
          { code: 'ERR_VIDEO' },
        );
      return choose(inside.length).map((place) => inside[place]!);
    },
    fit,
    onBroken,
  });
}
