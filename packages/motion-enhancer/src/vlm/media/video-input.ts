import type { Fields, Values } from '../../config/field.js';

/** How a VLM sees images and videos and how its chats are written; the defaults are the paper's. */
export const VIDEO_FIELDS = {
  fps: { type: 'number', default: 1, min: 0.01, text: 'Frames per second of the video that the VLM sees', paper: '1' },
  frames: {
    type: 'integer',
    default: 0,
    min: 0,
    text: 'So many frames of every video instead; 0: as fps says (InternVL3: 8)',
    unit: 'frames',
  },
  minFrames: { type: 'integer', default: 4, min: 2, text: 'At least as many frames, for short videos', unit: 'frames' },
  maxFrames: { type: 'integer', default: 768, min: 2, text: 'At most as many frames', unit: 'frames' },
  frameRule: {
    type: 'choice',
    choices: ['auto', 'qwen-vl-utils', 'segments', 'segments-fps', 'transformers', 'training', 'vlmevalkit'],
    default: 'auto',
    text: 'How frames are chosen: auto is qwen-vl-utils for Qwen2.5-VL, the middles of equal segments for InternVL3 (segments-fps: so many as fps says)',
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
    text: 'Most tiles of an image (InternVL3); 0: as the checkpoint says',
    unit: 'tiles',
  },
  secondPerGrid: {
    type: 'choice',
    choices: ['true', 'legacy'],
    default: 'true',
    text: 'Qwen2.5-VL’s clock: seconds between frame pairs as they are, or 1 for every video (older evaluations)',
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
    text: 'System prompt: auto (the checkpoint’s), none, qwen, internvl, or a text',
  },
  frameLabel: {
    type: 'choice',
    choices: ['Frame1', 'Frame-1'],
    default: 'Frame1',
    text: 'What InternVL3 reads before a frame: Frame1 (model card, evaluation) or Frame-1 (trainer, VLMEvalKit)',
  },
  addVisionId: { type: 'boolean', default: false, text: 'Number the media of Qwen2.5-VL: “Video 1: ”' },
} as const satisfies Fields;

export type VideoSettings = Values<typeof VIDEO_FIELDS>;
