import { basename } from 'node:path';
import { UserError } from '@motion-enhancer/libtorch';
import type { Row, Turn } from '../data/rows.js';
import { disposeChat, type PreparedChat, placeMedia, prepareChat, type Vlm } from '../vlm/index.js';
import type { Recipe } from './recipe.js';

/** A row ready for the model, every answer of its conversation to be learned: its tensors are in the caller's care. */
export function prepareSample(vlm: Vlm, row: Row, recipe: Recipe): Promise<PreparedChat> {
  return prepareChat(vlm, placeMedia(conversation(row), [{ type: 'video', path: row.video }]), recipe);
}

/** The turns up to the last answer: nothing is learned from what follows it. */
function conversation({ id, video, turns }: Row): Turn[] {
  const question = turns.findIndex((turn) => turn.role === 'user');
  const answer = turns.findLastIndex((turn) => turn.role === 'assistant');
  if (question < 0 || answer < question) {
    throw new UserError(`Expected a question and an answer after it in row ${id} (${basename(video)}).`, {
      code: 'ERR_DATA',
    });
  }
  return turns.slice(0, answer + 1);
}

export const disposeSample = disposeChat;
