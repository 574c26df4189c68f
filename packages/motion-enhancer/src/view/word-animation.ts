import { join } from 'node:path';
import { makeFolder, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { type Heat, overlay, type RgbImage } from '../data/image/index.js';
import { encodeAnimatedWebp } from '../data/video/index.js';
import type { Prior } from '../prior/store/prior.js';
import { RANDOM_NOTE, wordFileName } from './heat-maps.js';
import { drawText, fitText, INK, paste, picture } from './picture.js';
import { thumbnails, type ViewFrames } from './thumbnails.js';
import { type WordHeat, wordHeats } from './word-heat.js';

const WIDTH = 320;
const MAX_FRAMES = 32;
const MAX_WORDS = 3;
const HEAT_SHARE = 0.6;
const BAR = 18;
/** Milliseconds that a frame may stay. */
const STAY = { min: 40, max: 500 } as const;

export interface AnimationOptions {
  /** The words to show, as the text has them; by default the most salient of the kept ones. */
  words?: readonly string[];
}

/**
 * The video with a word's heat over it, in motion: `words/NN-WORD.webp`.
 * @param pixelFrames first and last frame of each token frame, places among `frames`
 * @returns the paths of the files written
 * @throws UserError `ERR_WRITE`; ERR_VALUE for a word that the text has not
 */
export async function writeWordAnimations(
  dir: string,
  prior: Prior,
  frames: ViewFrames,
  pixelFrames: readonly (readonly [number, number])[],
  { words }: AnimationOptions = {},
): Promise<string[]> {
  const { grid, cell, model } = prior.info;
  const shown = pixelFrames.slice(0, grid.frames);
  const places = animatedPlaces(shown[0]![0], shown.at(-1)![1]);
  const images = thumbnails(
    frames,
    places.map((place) => [place, place]),
    WIDTH,
  );
  const note = model.weights === 'random' ? RANDOM_NOTE : '';
  const seconds = cell.seconds.at(-1)![1] - cell.seconds[0]![0];
  const stay = Math.min(STAY.max, Math.max(STAY.min, (1000 * seconds) / Math.max(1, places.length - 1)));
  makeFolder(join(dir, 'words'));
  const files: string[] = [];
  for (const [index, heat] of wordHeats(prior, words ? words.length : MAX_WORDS, words).entries()) {
    const drawn = places.map((place, i) =>
      captioned(overlay(images[i]!, heatAt(heat, shown, place), HEAT_SHARE), heat, note),
    );
    const bytes = await encodeAnimatedWebp(drawn, stay);
    const path = join(dir, 'words', wordFileName(index + 1, heat.word.text).replace(/png$/, 'webp'));
    writeFileAtomically(path, bytes.length, (fd) => writeFully(fd, bytes));
    files.push(path);
  }
  return files;
}

/** At most so many frames, evenly, the first and the last among them. */
export function animatedPlaces(first: number, last: number): number[] {
  const count = Math.min(MAX_FRAMES, last - first + 1);
  return Array.from({ length: count }, (_, i) => first + Math.round((i * (last - first)) / Math.max(1, count - 1)));
}

/** The heat at a pixel frame: between the middles of two token frames their mixture. */
export function heatAt(
  { frames }: Pick<WordHeat, 'frames'>,
  pixelFrames: readonly (readonly [number, number])[],
  place: number,
): Heat {
  const middles = pixelFrames.map(([first, last]) => (first + last) / 2);
  const after = middles.findIndex((middle) => middle >= place);
  if (after === 0) return frames[0]!;
  if (after < 0) return frames[middles.length - 1]!;
  const [a, b] = [frames[after - 1]!, frames[after]!];
  const share = (place - middles[after - 1]!) / (middles[after]! - middles[after - 1]!);
  return { ...a, data: a.data.map((value, i) => value * (1 - share) + b.data[i]! * share) };
}

function captioned(image: RgbImage, { word }: WordHeat, note: string): RgbImage {
  const out = picture(image.width, image.height + BAR + (note ? BAR : 0));
  paste(out, image, 0, 0);
  drawText(
    out,
    fitText(`${word.text}   MS ${word.ms.toExponential(2)}`, image.width - 12),
    { x: 6, y: image.height + 5 },
    INK.text,
  );
  if (note) drawText(out, fitText(note, image.width - 12), { x: 6, y: image.height + BAR + 4 }, INK.warning);
  return out;
}
