import { basename } from 'node:path';
import { keep, noGrad, scope, UserError } from '@motion-enhancer/libtorch';
import { prepareVideoChat, type VideoChat } from '@motion-enhancer/models';
import type { Row } from '../data/rows.js';
import type { Vlm } from '../vlm/load.js';
import { budgetOf, readVideoInput } from '../vlm/video-input.js';
import type { Recipe } from './recipe.js';

/** A row ready for the model: its tensors are in the caller's care. */
export async function prepareSample(vlm: Vlm, row: Row, recipe: Recipe): Promise<VideoChat> {
  const user = row.turns.find((turn) => turn.role === 'user');
  const answer = row.turns.find((turn) => turn.role === 'assistant');
  if (!user || !answer) {
    throw new UserError(`Expected a question and an answer in row ${row.id} (${basename(row.video)}).`, {
      code: 'ERR_DATA',
    });
  }
  const system = row.turns.find((turn) => turn.role === 'system')?.content;
  const { frames, sampleFps } = await readVideoInput(row.video, recipe);
  try {
    return keep(
      noGrad(() =>
        scope(() =>
          prepareVideoChat(
            vlm.tokenizer,
            vlm.model.config,
            {
              video: { frames, sampleFps },
              prompt: user.content,
              answer: answer.content,
              ...(system === undefined ? {} : { system }),
            },
            budgetOf(recipe),
          ),
        ),
      ),
    );
  } finally {
    frames.dispose();
  }
}

export function disposeSample(sample: VideoChat): void {
  sample.patches.dispose();
  sample.positions.dispose();
}
