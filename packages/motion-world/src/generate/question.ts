import type { Rng } from './rng.js';

/** The six types of MotionBench, and four about what stands still, for pre-training. */
export const MOTION_TYPES = ['MR', 'LM', 'AO', 'RC', 'MO', 'CM'] as const;
export const STATIC_TYPES = ['colour', 'shape', 'count', 'place'] as const;
export type QuestionType = (typeof MOTION_TYPES)[number] | (typeof STATIC_TYPES)[number];

/** MotionBench's own names. */
export const TYPE_NAMES = {
  MR: 'Motion Recognition',
  LM: 'Location-related Motion',
  AO: 'Action Order',
  RC: 'Repetition Count',
  MO: 'Motion-related Objects',
  CM: 'Camera Motion',
} as const satisfies Record<(typeof MOTION_TYPES)[number], string>;

export interface WorldQuestion {
  type: QuestionType;
  /** How the mover is called: "the thing", or by colour and shape; null where the question names no object. */
  subject: 'thing' | 'named' | null;
  /** Index of the object it is about; null: the camera, or none. */
  about: number | null;
  stem: string;
  /** Four. */
  options: string[];
  /** Index of the right one. */
  answer: number;
  /** Stem and lettered options, a line each, as MotionBench writes them. */
  text: string;
  /** Question and right answer as one sentence in the words of the captions. */
  statement: string;
}

/** What a question is before its options are put in a drawn order. */
export interface Draft extends Pick<WorldQuestion, 'type' | 'subject' | 'about' | 'stem' | 'statement'> {
  right: string;
  /** Three. */
  wrong: readonly string[];
}

export function question({ right, wrong, ...rest }: Draft, rng: Rng): WorldQuestion {
  const options = rng.shuffled([right, ...wrong]);
  const text = [rest.stem, ...options.map((option, i) => `${'ABCD'[i]}. ${option}`)].join('\n');
  return { ...rest, options, answer: options.indexOf(right), text };
}

/** Three options that are not the right one. */
export const threeOthers = (all: readonly string[], right: string, rng: Rng): string[] =>
  rng.shuffled(all.filter((option) => option !== right)).slice(0, 3);
