import type { Fields, Values } from '../../config/field.js';
import { systemNames } from '../chat/system-prompt.js';
import { familyNames } from '../families/table.js';

const byRate = (): string => familyNames(({ traits }) => traits.frames === 'rate');
const having = (setting: string): string =>
  familyNames(({ ownSettings }) => (ownSettings as readonly string[]).includes(setting));
const byCount = (): string => familyNames(({ traits }) => traits.frames === 'count');

/**
 * How a VLM sees images and videos and how its chats are written; the defaults are the paper's. Texts that name families
 * are made when they are read: families may be registered until then.
 */
export const VIDEO_FIELDS = {
  fps: { type: 'number', default: 1, min: 0.01, text: 'Frames per second of the video that the VLM sees', paper: '1' },
  frames: {
    type: 'integer',
    default: 0,
    min: 0,
    get text(): string {
      return `So many frames of every video instead; 0: as fps says (${byCount()}: 8)`;
    },
    unit: 'frames',
  },
  minFrames: { type: 'integer', default: 4, min: 2, text: 'At least as many frames, for short videos', unit: 'frames' },
  maxFrames: { type: 'integer', default: 768, min: 2, text: 'At most as many frames', unit: 'frames' },
  frameRule: {
    type: 'choice',
    choices: ['auto', 'qwen-vl-utils', 'segments', 'segments-fps', 'transformers', 'training', 'vlmevalkit'],
    default: 'auto',
    get text(): string {
      return `How frames are chosen: auto is qwen-vl-utils for ${byRate()}, the middles of equal segments for ${byCount()} (segments-fps: so many as fps says)`;
    },
  },
  minPixels: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Least pixels of a video frame after resizing; 0: 128 tokens’, or one’s where maxPixels is less',
    unit: 'pixels',
  },
  maxPixels: {
    type: 'integer',
    default: 151200,
    min: 784,
    text: 'Most pixels of a video frame after resizing',
    unit: 'pixels',
    paper: '360·420',
  },
  totalPixels: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Most pixels of all frames of a video together; 0: 115,200 tokens’',
    unit: 'pixels',
  },
  imageMaxPixels: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'Most pixels of an image; 0: as preprocessor_config.json says',
    unit: 'pixels',
  },
  maxTiles: {
    type: 'integer',
    default: 0,
    min: 0,
    get text(): string {
      return `Most tiles of an image (${having('maxTiles')}); 0: as the checkpoint says`;
    },
    unit: 'tiles',
  },
  secondPerGrid: {
    type: 'choice',
    choices: ['true', 'legacy'],
    default: 'true',
    get text(): string {
      return `Clock (${having('secondPerGrid')}): seconds between frame pairs as they are, or 1 for every video (older evaluations)`;
    },
  },
  mropeRounding: {
    type: 'choice',
    choices: ['float', 'integer'],
    default: 'float',
    text: 'Fractions of a time position: floored at the end, or cut off first (transformers 4.57)',
  },
  mropeResume: {
    type: 'choice',
    choices: ['max', 'extent'],
    default: 'max',
    text: 'Text goes on after the largest position, or after the larger side of the frame (transformers 5)',
  },
  system: {
    type: 'string',
    default: 'auto',
    get text(): string {
      return `System prompt: auto (the checkpoint’s), none, ${systemNames().join(', ')}, or a text`;
    },
  },
  frameLabel: {
    type: 'choice',
    choices: ['Frame1', 'Frame-1'],
    default: 'Frame1',
    get text(): string {
      return `What ${having('frameLabel')} reads before a frame: Frame1 (model card, evaluation) or Frame-1 (trainer, VLMEvalKit)`;
    },
  },
  addVisionId: {
    type: 'boolean',
    default: false,
    get text(): string {
      return `Number the media (${having('addVisionId')}): “Video 1: ”`;
    },
  },
} as const satisfies Fields;

export type VideoSettings = Values<typeof VIDEO_FIELDS>;
