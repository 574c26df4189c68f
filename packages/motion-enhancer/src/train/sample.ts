import { basename } from 'node:path';
import { keep, noGrad, scope, UserError } from '@motion-enhancer/libtorch';
import { prepareVideoChat, type VideoChat } from '@motion-enhancer/models';
import type { Row, Turn } from '../data/rows.js';
import type { Vlm } from '../vlm/load.js';
import { budgetOf, readVideoInput } from '../vlm/video-input.js';
import type { Recipe } from './recipe.js';

/** A row ready for the model, every answer of its conversation to be learned: its tensors are in the caller's care. */
export async function prepareSample(vlm: Vlm, row: Row, recipe: Recipe): Promise<VideoChat> {
  const turns = conversation(row);
  const { frames, sampleFps } = await readVideoInput(row.video, recipe);
  try {
    return keep(
      noGrad(() =>
        scope(() =>
          prepareVideoChat(vlm.tokenizer, vlm.model.config, { video: { frames, sampleFps }, turns }, budgetOf(recipe)),
        ),
      ),
    );
  } finally {
    frames.dispose();
  }
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

export function disposeSample(sample: VideoChat): void {
  sample.patches.dispose();
  sample.positions.dispose();
}
