import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

/** Files that are pictures, by their names. */
export const PICTURE = /\.(?:jpe?g|png|webp|bmp|gif|tiff?)$/i;
const VIDEO = /^\.(?:mp4|m4v|mov|mkv|webm|avi|ts|m2ts|mpe?g|flv|wmv|3gp|ogv|gif)$/i;

/** Numbers in names count as numbers: 2.png stands before 10.png. */
const naturally = new Intl.Collator('en', { numeric: true });

/**
 * The pictures of a folder that stands for a video, in their natural order; null where the path is no folder. A path that
 * ends as videos do is not looked at: data sets name thousands.
 */
export function pictureFolder(path: string): string[] | null {
  if (VIDEO.test(extname(path)) || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) return null;
  const names = readdirSync(path).filter((name) => PICTURE.test(name) && !name.startsWith('.'));
  return names.sort((a, b) => naturally.compare(a, b) || (a < b ? -1 : 1)).map((name) => join(path, name));
}
