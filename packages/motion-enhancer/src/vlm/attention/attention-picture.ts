import { join } from 'node:path';
import { makeFolder, writeFileAtomically, writeFully } from '@motion-enhancer/support';
import { encodePng, type Heat, overlay, type RgbImage } from '../../data/image/index.js';
import { timeLabel, wordFileName } from '../../view/heat-maps.js';
import { drawText, fillRectangle, fitText, INK, paste, picture } from '../../view/picture.js';
import { quantile } from '../../view/word-heat.js';
import { thumbnailsOf } from '../media/thumbnails-of.js';
import type { DecodedMedium, MediumInput } from '../types.js';
import type { MediumAttention, WordAttention } from './word-attention.js';

export interface AttentionPictureOptions {
  /** Written under every picture, such as that the weights are random. */
  footer?: readonly string[];
  /** Of a frame, pixels. */
  width?: number;
}

const PAD = 12;
const GAP = 4;
const LINE = 14;
const COLUMNS = 4;
const FRAME_WIDTH = 240;
const HEAT_SHARE = 0.6;
/** One outlier must not leave the rest dark. */
const CLIP_QUANTILE = 0.995;

/**
 * One PNG a word and medium, `NN-WORD.png` (`NN-WORD-2.png` of the second medium): its frames with the word's attention over
 * them, all on one scale, with the share of the attention that each frame has.
 * @param media of the chat, decoded and as prepared
 * @returns the paths of the files written
 * @throws UserError ERR_WRITE
 */
export function writeAttentionPictures(
  dir: string,
  words: readonly WordAttention[],
  media: readonly { decoded: DecodedMedium; input: MediumInput }[],
  { footer = [], width = FRAME_WIDTH }: AttentionPictureOptions = {},
): string[] {
  makeFolder(dir);
  const frames = media.map(({ decoded, input }) => thumbnailsOf(decoded, input, width));
  return words.flatMap((word, number) =>
    word.media.map((attention, i) => {
      const name = wordFileName(number + 1, word.word);
      const path = join(dir, i === 0 ? name : name.replace(/\.png$/, `-${i + 1}.png`));
      const png = encodePng(attentionPicture(word, attention, frames[i]!, media[i]!.input, footer));
      writeFileAtomically(path, png.length, (fd) => writeFully(fd, png));
      return path;
    }),
  );
}

function attentionPicture(
  word: WordAttention,
  attention: MediumAttention,
  frames: readonly RgbImage[],
  input: MediumInput,
  footer: readonly string[],
): RgbImage {
  const { heats, shares, scale } = heatsOf(attention, frames.length);
  const { width: w, height: h } = frames[0]!;
  const columns = Math.min(COLUMNS, frames.length);
  const rows = Math.ceil(frames.length / columns);
  const width = Math.max(2 * PAD + columns * (w + GAP) - GAP, 420);
  const top = PAD + 40;
  const height = top + rows * (h + LINE + GAP) + footer.length * LINE + PAD;
  const image = picture(width, height);
  drawText(image, fitText(word.word, width - 2 * PAD, 2), { x: PAD, y: PAD }, INK.text, 2);
  const facts = `${percent(word.visualShare)} of its attention is on what it sees   brightest ${scale.toExponential(2)}   mean of all heads and layers`;
  drawText(image, fitText(facts, width - 2 * PAD), { x: PAD, y: PAD + 22 }, INK.faint);
  frames.forEach((frame, f) => {
    const x = PAD + (f % columns) * (w + GAP);
    const y = top + Math.floor(f / columns) * (h + LINE + GAP);
    drawText(image, fitText(`${timeOf(input, f)}${percent(shares[f]!)}`, w), { x, y }, INK.faint);
    paste(image, overlay(frame, heats[f]!, HEAT_SHARE), x, y + LINE - 3);
  });
  footer.forEach((note, line) => {
    const y = height - PAD - (footer.length - line) * LINE + 5;
    fillRectangle(image, { left: PAD, top: y - 3, width: width - 2 * PAD, height: 13 }, INK.background);
    drawText(image, fitText(note, width - 2 * PAD), { x: PAD, y }, INK.warning);
  });
  return image;
}

/** Maps of as many frames as are shown: an image cut into tiles shows its last one, which is the whole. */
function heatsOf({ grid, values }: MediumAttention, shown: number): { heats: Heat[]; shares: number[]; scale: number } {
  const [count, height, width] = grid;
  const cells = height * width;
  const scale = quantile(values, CLIP_QUANTILE);
  const scaled = values.map((value) => (scale > 0 ? Math.min(1, value / scale) : 0));
  const indices = Array.from({ length: count }, (_, f) => f).slice(-shown);
  return {
    scale,
    heats: indices.map((f) => ({ width, height, data: scaled.slice(f * cells, (f + 1) * cells) })),
    shares: indices.map((f) => values.slice(f * cells, (f + 1) * cells).reduce((a, b) => a + b, 0)),
  };
}

function timeOf({ type, frames, seconds }: MediumInput, f: number): string {
  if (type === 'image') return '';
  const [first, last] = frames[f]!;
  return `${timeLabel(seconds[first]!, seconds[last]!)}  `;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %`;
}
