import { noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VLConfig } from '@motion-enhancer/models';
import { runForward } from './model.js';
import { type ComputeDType, castAll, type RunData } from './step.js';

export interface EvaluateOptions {
  /** [R, …] by canonical name. */
  parameters: ReadonlyMap<string, Tensor>;
  config: Qwen25VLConfig;
  data: Omit<RunData, 'alignment'>;
  /** Ids of the four letters: int64 [4]. */
  letters: Tensor;
  dtype: ComputeDType;
  /** Questions at a time a run. Default 64. */
  batchSize?: number;
  onProgress?(done: number, total: number): void;
}

/**
 * The letter that each run answers each question of the table with: the likeliest of the four.
 * @returns by run, by question: index of the letter
 */
export function answerRuns(o: EvaluateOptions): number[][] {
  const { samples, clips, layout } = o.data;
  const count = samples.samples.length;
  const size = o.batchSize ?? 64;
  return noGrad(() =>
    scope(() => {
      const parameters = castAll(o.parameters, o.dtype);
      const R = [...parameters.values()][0]!.size(0);
      const answers: number[][] = Array.from({ length: R }, () => []);
      for (let at = 0; at < count; at += size) {
        const chosen = scope(() => {
          const rows = Array.from({ length: Math.min(size, count - at) }, (_, i) => at + i);
          const index = tensor(rows, { dtype: 'int64', device: samples.ids_NL.device });
          const forAll = (x: Tensor) => x.unsqueeze(0).expand(R, ...x.shape);
          const take = (x: Tensor) => forAll(x.indexSelect(0, index)).contiguous();
          const { logits } = runForward(
            {
              ids_RBN: take(samples.ids_NL),
              patches_RBPI: forAll(clips.read(samples.clip_N.indexSelect(0, index), o.dtype)).contiguous(),
              grid: layout.grid,
              visual: layout.visual,
              positions_31N: samples.positions,
              asked_RBK: take(samples.start_N.unsqueeze(1)),
              rows_RBQ: null,
            },
            parameters,
            o.config,
          );
          return logits.select(2, 0).indexSelect(-1, o.letters).argmax(-1).tolist() as unknown as number[][];
        });
        chosen.forEach((row, r) => void answers[r]!.push(...row.map(Number)));
        o.onProgress?.(Math.min(count, at + size), count);
      }
      return answers;
    }),
  );
}

/** Right answers and questions of each type. */
export type TypeScores = Record<string, readonly [right: number, count: number]>;

export function scoresOf(answers: readonly number[], samples: RunData['samples']['samples']): TypeScores {
  const scores: Record<string, [number, number]> = {};
  samples.forEach(({ type, answer }, i) => {
    scores[type] ??= [0, 0];
    const score = scores[type]!;
    score[1]++;
    if (answers[i] === answer) score[0]++;
  });
  return scores;
}

/** Share of right answers over all questions, and the mean of the types' shares. */
export function accuracyOf(scores: TypeScores): { overall: number; average: number } {
  const all = Object.values(scores);
  const sum = (at: 0 | 1) => all.reduce((total, score) => total + score[at], 0);
  return {
    overall: sum(0) / Math.max(1, sum(1)),
    average: all.reduce((total, [right, count]) => total + right / count, 0) / Math.max(1, all.length),
  };
}
