import { join } from 'node:path';
import { makeFolder, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { encodePng, overlay, type RgbImage } from '../data/image/index.js';
import type { Prior } from '../prior/store/prior.js';
import { headChart } from './head-chart.js';
import { latentStrip } from './latent-strip.js';
import { thumbnails, type ViewFrames } from './thumbnails.js';
import { wordHeats } from './word-heat.js';
import { wordPicture, wordSheet } from './word-sheet.js';

export interface HeatMapOptions {
  /** Words shown at most. */
  maxWords?: number;
  /** These words, in this order; by default the kept ones, the most salient first. */
  words?: readonly string[];
  /** Width of a frame in the sheet, pixels. */
  thumbnailWidth?: number;
}

export const RANDOM_NOTE = 'untrained random weights: the maps mean nothing';
const MAX_WORDS = 12;
/** Frames of the sheet share this width, pixels. */
const SHEET_WIDTH = 2400;
const THUMBNAIL = { min: 72, max: 200 };
const WORD_PICTURE_WIDTH = 320;
const HEAT_SHARE = 0.6;

/**
 * Pictures of a prior: `words.png` (the frames, then a row a kept word with its heat over them), `words/NN-WORD.png`
 * (each word larger), `heads.png` (scores of the heads) and, where the prior has it, `strip.png` (video, inverted noise, reconstruction).
 * @param pixelFrames first and last frame of each token frame, places among `frames`
 * @returns the paths of the files written
 * @throws UserError `ERR_WRITE`; or when frames and prior do not fit each other
 */
export function writeHeatMaps(
  dir: string,
  prior: Prior,
  frames: ViewFrames,
  pixelFrames: readonly (readonly [number, number])[],
  options: HeatMapOptions = {},
): string[] {
  const { maxWords = MAX_WORDS, words, thumbnailWidth } = options;
  const F = prior.info.grid.frames;
  const fitting = Math.min(THUMBNAIL.max, Math.max(THUMBNAIL.min, Math.floor(SHEET_WIDTH / F)));
  const small = thumbnails(frames, pixelFrames.slice(0, F), thumbnailWidth ?? fitting);
  const large = thumbnails(frames, pixelFrames.slice(0, F), WORD_PICTURE_WIDTH);
  const heats = wordHeats(prior, words ? words.length : maxWords, words);
  const footer = prior.info.model.weights === 'random' ? [RANDOM_NOTE] : [];
  const times = prior.info.cell.seconds.map(([first, last]) => timeLabel(first, last));
  const over = (images: readonly RgbImage[], word: (typeof heats)[number]) =>
    images.map((image, f) => overlay(image, word.frames[f]!, HEAT_SHARE));

  const files: string[] = [];
  const write = (path: string, image: RgbImage): void => {
    const png = encodePng(image);
    writeFileAtomically(path, png.length, (fd) => writeFully(fd, png));
    files.push(path);
  };
  makeFolder(join(dir, 'words'));
  write(
    join(dir, 'words.png'),
    wordSheet({
      info: prior.info,
      frames: small,
      times,
      rows: heats.map((heat) => ({ heat, images: over(small, heat) })),
      footer,
    }),
  );
  heats.forEach((heat, index) => {
    write(
      join(dir, 'words', wordFileName(index + 1, heat.word.text)),
      wordPicture(heat, over(large, heat), times, footer),
    );
  });
  write(join(dir, 'heads.png'), headChart(prior.info, footer));
  const strip = latentStrip(prior, frames, pixelFrames);
  if (strip) write(join(dir, 'strip.png'), strip);
  return files;
}

/** `03-word.png`: only letters and digits of ASCII, so that every file system takes it. */
export function wordFileName(number: number, word: string): string {
  const safe = word
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 24);
  return `${String(number).padStart(2, '0')}-${safe || 'word'}.png`;
}

export function timeLabel(first: number, last: number): string {
  return first === last ? `${first.toFixed(2)} s` : `${first.toFixed(2)}-${last.toFixed(2)} s`;
}
