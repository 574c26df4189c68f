import { dirname } from 'node:path';
import { MediaFinder } from '../find-media.js';

const VIDEO_FOLDERS = ['videos/FAVOR-Bench', 'FAVOR-Bench', 'videos/FAVOR', 'videos', 'video', '.'];

/** Folder of FAVOR's videos; names come with and without their ending. */
export function favorVideos(file: string): MediaFinder {
  return new MediaFinder(dirname(file), VIDEO_FOLDERS);
}

/** Its name without the ending, as FAVOR's own scripts have it. */
export const bareName = (name: string): string => name.replace(/\.mp4$/i, '');
