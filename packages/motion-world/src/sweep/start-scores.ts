import type { Qwen25VL } from '@motion-enhancer/models';
import { repeatRuns } from '../run-axis/model.js';
import { answerRuns, scoresOf, type TypeScores } from '../runs/evaluate-runs.js';
import type { ComputeDType } from '../runs/step.js';
import type { WorldData } from '../vlm/world-data.js';

/** What the start model answers before any training. */
export function startScores(model: Qwen25VL, test: WorldData, dtype: ComputeDType): TypeScores {
  const parameters = repeatRuns(model.parameters(), 1, model.device);
  try {
    const [answers] = answerRuns({ parameters, config: model.config, data: test, dtype });
    return scoresOf(answers!, test.samples.samples);
  } finally {
    for (const p of parameters.values()) p.dispose();
  }
}
