import { UserError } from '@motion-enhancer/support';
import { describeClip } from '../generate/index.js';
import type { ClipRange } from './world-data.js';

/**
 * Refuses clips of which none has a question, before any is drawn: some clips have none.
 * @param option that says how many clips
 * @throws UserError ERR_VALUE
 */
export function checkQuestions({ world = 'still-camera', split, form, from, count }: ClipRange, option: string): void {
  for (let i = 0; i < count; i++) if (describeClip(split, from + i, { world, form }).questions.length > 0) return;
  throw new UserError(
    `Expected clips with a question for ${option} but received ${count}: none of the first ${count} ${split} clips has one. Take more with --${option}.`,
    { code: 'ERR_VALUE' },
  );
}
