import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { WORLDS } from './generate/vocabulary.js';

/** Which clips of the motion world, and how large. */
export const CLIP_FIELDS = {
  world: {
    type: 'choice',
    choices: WORLDS,
    default: 'still-camera',
    text: 'still-camera: the camera never moves while an object does; moving-camera: the same objects and motions, and a camera that pans with parallax, zooms or shakes',
  },
  split: {
    type: 'choice',
    choices: ['train', 'validation', 'test', 'pretrain'],
    default: 'train',
    text: 'Splits differ in seeds and in their pairs of colour and shape',
  },
  form: {
    type: 'choice',
    choices: ['auto', 'world', 'single', 'static'],
    default: 'auto',
    text: 'world: two or three objects; single: one that moves; static: up to four that do not; auto: world, or single and static by turns in pretrain',
  },
  first: { type: 'integer', default: 0, min: 0, text: 'Index of the first clip' },
  count: { type: 'integer', default: 16, min: 1, text: 'How many clips' },
  frames: { type: 'integer', default: 16, min: 1, max: 1024, text: 'Frames of a clip, spread over the same motion' },
  size: { type: 'integer', default: 64, min: 16, max: 1024, text: 'Height and width', unit: 'pixels' },
} as const satisfies Fields;

/** Frames a second of the videos: the usual 16 frames are 2 s. */
export const WORLD_FPS = 8;
