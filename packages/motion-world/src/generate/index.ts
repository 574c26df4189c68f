export type { CaptionWord, WordRole } from './caption.js';
export { type ClipOptions, describeClip, makeClip, type WorldClip, type WorldText } from './clip.js';
export { MOTION_TYPES, type QuestionType, STATIC_TYPES, TYPE_NAMES, type WorldQuestion } from './question.js';
export type { Form, Scene, SceneObject } from './scene.js';
export {
  allowedPairs,
  BACKGROUNDS,
  type BackgroundKind,
  COLOUR_NAMES,
  COLOURS,
  type Colour,
  DIRECTIONS,
  type Direction,
  PATTERNS,
  type Pattern,
  SHAPE_NAMES,
  type Shape,
  type Split,
  TIMES,
  WORLDS,
  type World,
} from './vocabulary.js';
export { VOCABULARY } from './words.js';
