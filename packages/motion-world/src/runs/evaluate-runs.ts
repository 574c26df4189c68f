import { arange, cat, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Qwen25VLConfig, structureOf } from '@motion-enhancer/models';
import { runLanguage } from '../run-axis/language.js';
import { runLikelihood } from '../run-axis/loss.js';
import { runVision } from '../run-axis/vision.js';
import { OPTIONS } from '../vlm/samples.js';
import { type ComputeDType, castAll, type RunData } from './step.js';

export interface EvaluateOptions {
  /** [R, …] by canonical name. */
  parameters: ReadonlyMap<string, Tensor>;
  config: Qwen25VLConfig;
  /** Its samples are `choicesOf`: every question with each of its four options as the reply. */
  data: Omit<RunData, 'alignment'>;
  dtype: ComputeDType;
  /** Rows of the table at a time. Default: 64 on a CPU; on a GPU as many as make `ROWS` over all runs. */
  batchSize?: number;
  onProgress?(done: number, total: number): void;
}

/** Of all runs side by side, on a GPU: memory does not grow with the runs. */
const ROWS = 4096;

/**
 * The option that each run answers each question of the table with: the likeliest whole reply of the four, its end mark
 * included.
 * @returns by run, by question: index of the option
 */
export function answerRuns(o: EvaluateOptions): number[][] {
  const { samples, clips, layout } = o.data;
  const count = samples.samples.length;
  return noGrad(() =>
    scope(() => {
      const parameters = castAll(o.parameters, o.dtype);
      const weights = structureOf(parameters, o.config);
      const R = [...parameters.values()][0]!.size(0);
      const rows = o.batchSize ?? (samples.ids_NL.device === 'cpu' ? 64 : Math.max(64, ROWS / R));
      const size = OPTIONS * Math.ceil(rows / OPTIONS);
      // Read once at the end: reading each part would leave the device idle while the next is prepared.
      const answers: Tensor[] = [];
      for (let at = 0; at < count; at += size) {
        const chosen_RQ = scope(() => {
          const B = Math.min(size, count - at);
          const index = arange(at, at + B, 1, { device: samples.ids_NL.device });
          const forAll = (x: Tensor) =>
            x
              .unsqueeze(0)
              .expand(R, ...x.shape)
              .contiguous();
          const take = (x: Tensor) => forAll(x.indexSelect(0, index));
          // The four rows of a question are about one clip: the tower sees it once.
          const first = arange(at, at + B, OPTIONS, { device: samples.ids_NL.device });
          const patches = forAll(clips.read(samples.clip_N.indexSelect(0, first), o.dtype));
          const visual_RBSC = runVision(patches, layout.grid, weights.visual, o.config.vision);
          const { logits } = runLanguage(
            {
              ids_RBN: take(samples.ids_NL),
              visual_RBSC: visual_RBSC.repeatInterleave(OPTIONS, 1),
              visual: layout.visual,
              positions_31N: samples.positions,
              logitPositions_RBK: take(samples.logitPositions_NK),
              rows_RBQ: null,
            },
            weights.language_model,
            o.config.text,
          );
          const likelihood_RB = runLikelihood(logits, take(samples.targets_NK));
          return likelihood_RB.view(R, -1, OPTIONS).argmax(-1);
        });
        answers.push(chosen_RQ);
        o.onProgress?.(Math.min(count, at + size), count);
      }
      return (cat(answers, 1).tolist() as unknown as number[][]).map((row) => row.map(Number));
    }),
  );
}

/** Right answers and questions of each type. */
export type TypeScores = Record<string, readonly [right: number, count: number]>;

/** @param samples `choicesOf`, four rows a question */
export function scoresOf(answers: readonly number[], samples: RunData['samples']['samples']): TypeScores {
  const scores: Record<string, [number, number]> = {};
  answers.forEach((chosen, i) => {
    const { type, answer } = samples[i * OPTIONS]!;
    scores[type] ??= [0, 0];
    const score = scores[type];
    score[1]++;
    if (chosen === answer) score[0]++;
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
