export type { CaptionWord, WordRole } from './caption.js';
export { type ClipOptions, describeClip, makeClip, type WorldClip, type WorldText } from './clip.js';
export { MOTION_TYPES, type QuestionType, STATIC_TYPES, TYPE_NAMES, type WorldQuestion } from './question.js';
export type { Form, Scene, SceneObject } from './scene.js';
export * from './vocabulary.js';
export { VOCABULARY } from './words.js';
