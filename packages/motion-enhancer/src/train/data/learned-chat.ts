import { UserError } from '@motion-enhancer/support';
import { holdsMedia, MEDIA_TAG, mediaOf, type Row, type Turn } from '../../data/rows.js';
import {
  type PreparedChat,
  placeMedia,
  prepareChat,
  type ReadMedium,
  type Vlm,
  type VlmMessage,
} from '../../vlm/index.js';
import { weighAnswers } from '../loss/answer-weights.js';
import type { Recipe } from '../recipe.js';

/** A row's conversation ready for the model, every answer to be learned: `disposeChat` frees its tensors. */
export interface LearnedChat extends PreparedChat {
  /** Of the loss at each place; null where all weigh alike. */
  weights: number[] | null;
}

/** @throws UserError ERR_DATA, or what its files are to blame for */
export async function learnedChat(vlm: Vlm, row: Row, recipe: Recipe, read?: ReadMedium): Promise<LearnedChat> {
  const { turns, messages } = conversation(row);
  const chat = await prepareChat(vlm, messages, recipe, read);
  return { ...chat, ...weighAnswers(chat.labels, turns) };
}

/** The turns up to the last answer, with their media: nothing is learned from what follows it. */
export function conversation(row: Row): { turns: Turn[]; messages: VlmMessage[] } {
  const question = row.turns.findIndex((turn) => turn.role === 'user');
  const answer = row.turns.findLastIndex((turn) => turn.role === 'assistant');
  if (question < 0 || answer < question)
    throw new UserError(`Expected a question and an answer after it in row ${row.id} (line ${row.line}).`, {
      code: 'ERR_DATA',
    });
  const turns = row.turns.slice(0, answer + 1);
  const tags = (list: readonly Turn[]) =>
    list.filter(holdsMedia).reduce((n, { content }) => n + [...content.matchAll(MEDIA_TAG)].length, 0);
  const media = mediaOf(row);
  const used = tags(row.turns) === 0 ? media : media.slice(0, tags(turns));
  return { turns, messages: placeMedia(turns, used) };
}
