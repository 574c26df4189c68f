import { expected } from '@motion-enhancer/support';
import { type CaptionWord, drawCaption } from './caption.js';
import { drawScene } from './draw-scene.js';
import { motionQuestions } from './motion-questions.js';
import type { WorldQuestion } from './question.js';
import { render } from './render.js';
import type { Form, Scene } from './scene.js';
import { staticQuestions } from './static-questions.js';
import type { Split, World } from './vocabulary.js';

export interface WorldText {
  /** `train-00012`, `pretrain-single-00003`, `test-moving-camera-00007` */
  id: string;
  scene: Scene;
  caption: string;
  captionWords: CaptionWord[];
  questions: WorldQuestion[];
}

export interface WorldClip extends WorldText {
  /** uint8 [T, H, W, 3] */
  frames: Uint8Array;
  /** The object in front, index + 1, or 0: uint8 [T, H, W] */
  masks: Uint8Array;
  /** T */
  count: number;
  /** H = W */
  size: number;
}

export interface ClipOptions {
  /** Default `still-camera`. */
  world?: World;
  /** Default `world`; of the split `pretrain`, `single` and `static` by turns. */
  form?: Form;
  /** Frames, spread over the same motion; default 16. */
  frames?: number;
  /** Height and width in pixels, default 64; what is in the clip scales with it. */
  size?: number;
}

const LAST = 2 ** 26 - 1;

/** A clip without its pictures: what is in it, its caption, its questions. */
export function describeClip(
  split: Split,
  index: number,
  options: Pick<ClipOptions, 'form' | 'world'> = {},
): WorldText {
  if (!Number.isInteger(index) || index < 0 || index > LAST)
    throw expected(`an integer from 0 to ${LAST}`, 'index', index);
  const form = options.form ?? (split === 'pretrain' ? (index % 2 === 0 ? 'single' : 'static') : 'world');
  const { scene, rng } = drawScene(split, form, index, options.world);
  const { text, words } = drawCaption(scene, rng);
  const questions = form === 'static' ? staticQuestions(scene, rng) : motionQuestions(scene, rng);
  const kind = [split, ...(scene.world ? [scene.world] : []), ...(form === 'world' ? [] : [form])];
  const id = [...kind, String(index).padStart(5, '0')].join('-');
  return { id, scene, caption: text, captionWords: words, questions };
}

/**
 * Clip `index` of a split: any number of them, always the same. Splits differ in their seeds and in the pairs of colour
 * and shape of their objects.
 * @throws UserError for an index outside of [0, 2²⁶)
 */
export function makeClip(split: Split, index: number, options: ClipOptions = {}): WorldClip {
  const { frames: count = 16, size = 64 } = options;
  const text = describeClip(split, index, options);
  return { ...text, ...render(text.scene, count, size), count, size };
}
