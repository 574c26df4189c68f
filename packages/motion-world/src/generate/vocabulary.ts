// What the motion world is made of, and the words for it.

export const COLOURS = {
  red: [224, 44, 40],
  orange: [246, 142, 24],
  yellow: [244, 226, 50],
  green: [44, 176, 60],
  cyan: [58, 216, 222],
  blue: [50, 78, 232],
  pink: [248, 124, 196],
  white: [246, 246, 246],
} as const satisfies Record<string, readonly [number, number, number]>;
export type Colour = keyof typeof COLOURS;
export const COLOUR_NAMES = Object.keys(COLOURS) as Colour[];

export const SHAPE_NAMES = ['circle', 'square', 'triangle', 'star', 'ring', 'cross', 'bar', 'moon'] as const;
export type Shape = (typeof SHAPE_NAMES)[number];

/** Darker parts of an object, fixed to it: they show when it turns. */
export const PATTERNS = ['striped', 'halved', 'spotted'] as const;
export type Pattern = (typeof PATTERNS)[number];

export const BACKGROUNDS = ['clouds', 'waves', 'checks', 'dots'] as const;
export type BackgroundKind = (typeof BACKGROUNDS)[number];

/** Unit steps in picture coordinates (y grows downwards); the first four are along the axes. */
const S = Math.SQRT1_2;
export const DIRECTIONS = [
  { name: 'left', x: -1, y: 0 },
  { name: 'right', x: 1, y: 0 },
  { name: 'up', x: 0, y: -1 },
  { name: 'down', x: 0, y: 1 },
  { name: 'up left', x: -S, y: -S },
  { name: 'up right', x: S, y: -S },
  { name: 'down left', x: -S, y: S },
  { name: 'down right', x: S, y: S },
] as const;
/** Index into DIRECTIONS. */
export type Direction = number;

export const TIMES = ['once', 'twice', 'three times', 'four times'] as const;

/**
 * `still-camera`: the camera never moves while an object does. `moving-camera`: the same objects and motions, seen by a
 * camera that pans with parallax, zooms or shakes.
 */
export const WORLDS = ['still-camera', 'moving-camera'] as const;
export type World = (typeof WORLDS)[number];

export type Split = 'train' | 'validation' | 'test' | 'pretrain';

/**
 * The objects of a split: pairs of colour and shape that no other split has, so that test clips show pairs never seen in
 * training. `pretrain` shares those of `train`.
 */
export function allowedPairs(split: Split): { colour: Colour; shape: Shape }[] {
  const mine = { train: [3, 4, 5, 6, 7], pretrain: [3, 4, 5, 6, 7], validation: [2], test: [0, 1] }[split];
  return COLOUR_NAMES.flatMap((colour, c) =>
    SHAPE_NAMES.flatMap((shape, s) => (mine.includes((c + 3 * s) % 8) ? [{ colour, shape }] : [])),
  );
}
