import type { RgbImage } from '../data/image/index.js';
import type { PriorInfo } from '../prior/store/prior.js';
import { drawText, fillRectangle, fitText, INK, paste, picture, textWidth } from './picture.js';
import type { WordHeat } from './word-heat.js';

const PAD = 12;
const GAP = 3;
const LABEL_WIDTH = 156;
const LINE = 14;
const WORD_COLUMNS = 4;

/** The contact sheet: the frames on top, then a row a word. */
export function wordSheet({
  info,
  frames,
  times,
  rows,
  footer,
}: {
  info: Pick<PriorInfo, 'id' | 'text'>;
  frames: readonly RgbImage[];
  times: readonly string[];
  rows: readonly { heat: WordHeat; images: readonly RgbImage[] }[];
  footer: readonly string[];
}): RgbImage {
  const { width: w, height: h } = frames[0]!;
  const left = PAD + LABEL_WIDTH;
  const notes = [
    'heat: text-to-video attention of a word, mean of the kept heads, scaled by its own maximum',
    ...footer,
  ];
  const width = Math.max(left + frames.length * (w + GAP) - GAP, 360) + PAD;
  const shown = notes.map((note) => fitText(note, width - 2 * PAD));
  const rowHeight = Math.max(h, 46);
  const top = PAD + 2 * LINE + 8;
  const height = top + LINE + (rows.length + 1) * (rowHeight + GAP) + shown.length * LINE + PAD;
  const image = picture(width, height);
  drawText(image, fitText(info.id, width - 2 * PAD), { x: PAD, y: PAD }, INK.text);
  drawText(image, fitText(info.text, width - 2 * PAD), { x: PAD, y: PAD + LINE }, INK.faint);
  frames.forEach((frame, f) => {
    const x = left + f * (w + GAP);
    drawText(image, fitText(times[f] ?? '', w), { x, y: top }, INK.faint);
    paste(image, frame, x, top + LINE);
  });
  drawText(image, 'video', { x: PAD, y: top + LINE + 4 }, INK.faint, 2);
  rows.forEach(({ heat, images }, row) => {
    const y = top + LINE + (row + 1) * (rowHeight + GAP);
    const size = textWidth(heat.word.text, 2) <= LABEL_WIDTH - 8 ? 2 : 1;
    drawText(image, fitText(heat.word.text, LABEL_WIDTH - 8, size), { x: PAD, y: y + 4 }, INK.text, size);
    drawText(image, `MS ${heat.word.ms.toExponential(2)}`, { x: PAD, y: y + 24 }, INK.faint);
    drawText(image, `z ${heat.word.z.toFixed(2)}`, { x: PAD, y: y + 36 }, INK.faint);
    images.forEach((picture_, f) => {
      paste(image, picture_, left + f * (w + GAP), y);
    });
  });
  shown.forEach((note, line) => {
    drawText(
      image,
      note,
      { x: PAD, y: height - PAD - (shown.length - line) * LINE + 5 },
      line === 0 ? INK.faint : INK.warning,
    );
  });
  return image;
}

/** One word, larger: its frames in rows of four. */
export function wordPicture(
  { word, scale }: WordHeat,
  images: readonly RgbImage[],
  times: readonly string[],
  footer: readonly string[],
): RgbImage {
  const { width: w, height: h } = images[0]!;
  const columns = Math.min(WORD_COLUMNS, images.length);
  const rows = Math.ceil(images.length / columns);
  const width = Math.max(2 * PAD + columns * (w + GAP) - GAP, 320);
  const top = PAD + 40;
  const height = top + rows * (h + LINE + GAP) + footer.length * LINE + PAD;
  const image = picture(width, height);
  drawText(image, fitText(word.text, width - 2 * PAD, 2), { x: PAD, y: PAD }, INK.text, 2);
  const facts = `MS ${word.ms.toExponential(2)}   z ${word.z.toFixed(2)}   brightest ${scale.toExponential(2)}`;
  drawText(image, fitText(facts, width - 2 * PAD), { x: PAD, y: PAD + 22 }, INK.faint);
  images.forEach((picture_, f) => {
    const x = PAD + (f % columns) * (w + GAP);
    const y = top + Math.floor(f / columns) * (h + LINE + GAP);
    drawText(image, fitText(times[f] ?? '', w), { x, y }, INK.faint);
    paste(image, picture_, x, y + LINE - 3);
  });
  footer.forEach((note, line) => {
    const x = width - PAD - textWidth(note);
    const y = height - PAD - (footer.length - line) * LINE + 5;
    fillRectangle(image, { left: x - 4, top: y - 3, width: textWidth(note) + 8, height: 13 }, INK.background);
    drawText(image, note, { x, y }, INK.warning);
  });
  return image;
}
