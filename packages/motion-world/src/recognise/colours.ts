import { COLOUR_NAMES, COLOURS, type Colour } from '../generate/index.js';

/**
 * Least chroma (range of the channels, in levels) of a colour's pixels as a share of the colour's own. Dark parts of a thing
 * have half, pixels that its outline cuts less.
 */
const LEAST_SHARE = 0.28;
/** Backgrounds are muted: their channels lie within 33 levels of each other. */
const LEAST_CHROMA = 36;
/** Backgrounds end at 179 levels. The dark half of a white thing is as grey as they are and is not seen. */
const LEAST_WHITE = 185;

/** In degrees */
const hue = ([r, g, b]: readonly [number, number, number]): number => {
  const max = Math.max(r, g, b);
  const chroma = max - Math.min(r, g, b);
  const sector = max === r ? (g - b) / chroma : max === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
  return (60 * sector + 360) % 360;
};

const chromaOf = (rgb: readonly [number, number, number]): number => Math.max(...rgb) - Math.min(...rgb);
/** By label */
const LEAST = [0, ...COLOUR_NAMES.map((name) => Math.max(LEAST_CHROMA, LEAST_SHARE * chromaOf(COLOURS[name])))];

const HUES = COLOUR_NAMES.flatMap((name, i) => (name === 'white' ? [] : [{ label: i + 1, hue: hue(COLOURS[name]) }]));
const WHITE = labelOf('white');

/** What `colourLabels` calls a colour: its index + 1. */
export function labelOf(colour: Colour): number {
  return COLOUR_NAMES.indexOf(colour) + 1;
}

/** Of each whole degree of hue, the colour that is nearest: shading keeps the hue. */
const NEAREST = Uint8Array.from({ length: 360 }, (_, degree) => {
  const away = (h: number) => Math.abs(((degree - h + 540) % 360) - 180);
  return HUES.reduce((best, each) => (away(each.hue) < away(best.hue) ? each : best)).label;
});

/**
 * Which of the world's colours each pixel has.
 * @param frame uint8 [H, W, 3]
 * @returns uint8 [H, W]: index of the colour + 1; 0 for what is muted, as backgrounds are
 */
export function colourLabels(frame: Uint8Array): Uint8Array {
  const labels = new Uint8Array(frame.length / 3);
  for (let i = 0, at = 0; i < labels.length; i++, at += 3) {
    const [r, g, b] = [frame[at]!, frame[at + 1]!, frame[at + 2]!];
    const least = Math.min(r, g, b);
    const chroma = Math.max(r, g, b) - least;
    if (chroma >= LEAST_CHROMA) {
      const label = NEAREST[Math.floor(hue([r, g, b]))]!;
      if (chroma >= LEAST[label]!) labels[i] = label;
    } else if (least >= LEAST_WHITE) labels[i] = WHITE;
  }
  return labels;
}
