import { bytesOf, scope } from '@motion-enhancer/libtorch';
import type { RgbImage } from '../data/image/index.js';
import type { Prior } from '../prior/store/prior.js';
import { RANDOM_NOTE, timeLabel } from './heat-maps.js';
import { drawText, fitText, INK, paste, picture } from './picture.js';
import { thumbnails, type ViewFrames } from './thumbnails.js';

const PAD = 12;
const GAP = 3;
const LABEL_WIDTH = 96;
const LINE = 14;

/**
 * The video, its inverted noise and the reconstruction, a row each (supplementary Figure 5 of the paper); null for a prior
 * that was extracted without `keepStrip`.
 * @param pixelFrames first and last frame of each token frame, places among `frames`
 */
export function latentStrip(
  prior: Prior,
  frames: ViewFrames,
  pixelFrames: readonly (readonly [number, number])[],
): RgbImage | null {
  const { info, strip_SFHWC: strip } = prior;
  if (!strip) return null;
  const [, F, h, w] = strip.shape as [number, number, number, number];
  const stored = (row: number): RgbImage[] =>
    Array.from({ length: F }, (_, f) =>
      scope(() => ({
        width: w,
        height: h,
        data: Uint8Array.from(bytesOf(strip.select(0, row).select(0, f).contiguous())),
      })),
    );
  // In the shape of the model's frames, to which the video was resized.
  const original = thumbnails(frames, pixelFrames.slice(0, F), w, h);
  const rows: [string, RgbImage[]][] = [
    ['video', original],
    ['inverted noise', stored(0)],
    ['reconstruction', stored(1)],
  ];
  const notes = [
    `${info.options.steps} steps up with the empty text, ${info.options.steps} down with the video's, guidance ${info.options.guidance}, start ${info.options.init}`,
    ...(info.model.weights === 'random' ? [RANDOM_NOTE] : []),
  ];
  const left = PAD + LABEL_WIDTH;
  const top = PAD + LINE;
  const image = picture(
    Math.max(left + F * (w + GAP) - GAP + PAD, 420),
    top + LINE + rows.length * (h + GAP) + notes.length * LINE + PAD,
  );
  drawText(image, fitText(`${info.id}: ${info.text}`, image.width - 2 * PAD), { x: PAD, y: PAD - 4 }, INK.faint);
  info.cell.seconds.slice(0, F).forEach(([first, last], f) => {
    drawText(image, fitText(timeLabel(first, last), w), { x: left + f * (w + GAP), y: top }, INK.faint);
  });
  rows.forEach(([label, pictures], row) => {
    const y = top + LINE + row * (h + GAP);
    drawText(image, label, { x: PAD, y: y + 4 }, INK.text);
    pictures.forEach((one, f) => {
      paste(image, one, left + f * (w + GAP), y);
    });
  });
  notes.forEach((note, line) => {
    const y = image.height - PAD - (notes.length - line) * LINE + 5;
    drawText(image, fitText(note, image.width - 2 * PAD), { x: PAD, y }, line === 0 ? INK.faint : INK.warning);
  });
  return image;
}
