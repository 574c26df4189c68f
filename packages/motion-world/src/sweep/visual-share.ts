import { noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VL } from '@motion-enhancer/models';
import type { ClipWords } from '../align/maps-of-condition.js';
import { repeatRuns, runForward } from '../run-axis/model.js';
import { type ComputeDType, castAll } from '../runs/step.js';
import { int64Rows } from '../vlm/layout.js';
import type { WorldData } from '../vlm/world-data.js';

const SAMPLES = 256;

/** Share of an aligned word's attention that falls on the video, mean over words of some samples: before any training. */
export function visualShare(
  model: Qwen25VL,
  { clips, samples, layout }: WorldData,
  words: readonly ClipWords[],
  dtype: ComputeDType,
): number {
  const chosen = words.flatMap((sample, n) => (sample.words.length > 0 ? [n] : [])).slice(0, SAMPLES);
  const parameters = repeatRuns(model.parameters(), 1, model.device);
  try {
    return noGrad(() =>
      scope(() => {
        const { device, config } = model;
        const index = tensor(chosen, { dtype: 'int64', device });
        const places = chosen.map((n) => words[n]!.words.map((word) => word.tokens[0]!));
        const longest = Math.max(...places.map((list) => list.length));
        // Filled up with the first word: every row then counts a sample's words about alike.
        const filled = places.map((list) => Array.from({ length: longest }, (_, i) => list[i % list.length]!));
        const { rows } = runForward(
          {
            ids_RBN: samples.ids_NL.indexSelect(0, index).unsqueeze(0),
            patches_RBPI: clips.read(samples.clip_N.indexSelect(0, index), dtype).unsqueeze(0),
            grid: layout.grid,
            visual: layout.visual,
            positions_31N: samples.positions,
            logitPositions_RBK: samples.logitPositions_NK
              .indexSelect(0, index)
              .narrow(1, 0, 1)
              .unsqueeze(0)
              .contiguous(),
            rows_RBQ: int64Rows(filled.length, (n) => filled[n]!, longest, 0, device).unsqueeze(0),
          },
          castAll(parameters, dtype),
          config,
        );
        return rows!.sum(-1).mean().item();
      }),
    );
  } finally {
    for (const p of parameters.values()) p.dispose();
  }
}
