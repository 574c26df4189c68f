import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What PyAV found in a file (test/fixtures/videos/manifest.json). */
export interface ManifestEntry {
  open_error?: string;
  codec: string;
  width: number;
  height: number;
  pix_fmt: string | null;
  header_frames: number;
  average_rate: string;
  time_base: string;
  decoded_frames: number;
  rotation: number | null;
  decode_error: string | null;
  /** Frame index → mean of R, G, B. */
  mean_rgb?: Record<string, [number, number, number]>;
  /** Frame index → SHA-256 of its RGB bytes; only for the files we made. */
  rgb24_sha256?: Record<string, string>;
  pts?: number[];
  pts_first?: number[];
  pts_last?: number[];
}

/** Inputs of people's bug reports; what is right stands in the folder's README. */
export const CASES = fileURLToPath(new URL('../../../../../test/fixtures/cases/', import.meta.url));

export const VIDEO_FIXTURES = fileURLToPath(new URL('../../../../../test/fixtures/videos/', import.meta.url));

/** Value of a fraction such as `30000/1001`. */
export function fraction(text: string): number {
  const [over, under = '1'] = text.split('/');
  return Number(over) / Number(under);
}

/** Files with their manifest rows: the fixtures, and the folder that `SHARED_VIDEOS` names, if it does. */
export function testVideos(): { name: string; path: string; entry: ManifestEntry }[] {
  const folders = [VIDEO_FIXTURES, ...(process.env.SHARED_VIDEOS ? [process.env.SHARED_VIDEOS] : [])];
  return folders.flatMap((folder) => {
    const { files } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      files: Record<string, ManifestEntry>;
    };
    return (
      Object.entries(files)
        .filter(([name]) => !name.includes('#'))
        // The best stream of a file with several has an entry of its own.
        .map(([name, entry]) => ({ name, path: join(folder, name), entry: files[`${name}#stream3`] ?? entry }))
    );
  });
}
