import { type Grid, resizeMaps } from '@motion-enhancer/core/internal/align/index.js';
import { noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VLConfig } from '@motion-enhancer/models';
import type { RunAligners } from '../run-axis/aligners.js';
import { runAlignmentLoss, runCrossEntropy } from '../run-axis/loss.js';
import { runForward } from '../run-axis/model.js';
import type { ClipTable } from '../vlm/clip-table.js';
import type { ClipLayout } from '../vlm/layout.js';
import type { SampleTable } from '../vlm/sample-table.js';

export type ComputeDType = 'float32' | 'bfloat16';

/** What samples are pulled toward, for every arm of an experiment. Free it with `dispose()`. */
export interface AlignmentTable {
  /** Of the priors. */
  grid: Grid;
  /** int64 [N, Q]: places of the tokens whose attention is read. */
  rows_NQ: Tensor;
  /** [N, W, Q]: share of each token in a word. */
  share_NWQ: Tensor;
  /** [arms, N, W, S]: the arms' maps, and [arms, N, W] which words they align (1) or not (0). */
  priors_ANWS: Tensor;
  words_ANW: Tensor;
  dispose(): void;
}

export interface RunData {
  clips: ClipTable;
  samples: SampleTable;
  layout: ClipLayout;
  alignment: AlignmentTable | null;
}

/** What the runs of a batch are pulled toward, and how. */
export interface RunTargets {
  /** int64 [R, 1]: each run's arm in the alignment table. */
  arm_R1: Tensor;
  /** [R, 1]: 1 where a sample's norm is squared, else 0; null: nowhere. */
  squared_R1: Tensor | null;
}

export interface RunLosses {
  /** L_AR of each run: [R] */
  ar_R: Tensor;
  /** L_MSE of each run: [R]; null where nothing is aligned. */
  align_R: Tensor | null;
}

/** A copy of every parameter in the dtype of the computation, through which gradients flow. */
export function castAll(parameters: ReadonlyMap<string, Tensor>, dtype: ComputeDType): ReadonlyMap<string, Tensor> {
  if (dtype === 'float32') return parameters;
  return new Map([...parameters].map(([name, p]) => [name, p.to(dtype)]));
}

/**
 * Both losses of Eq 16 of R runs on a batch each; under autograd.
 * @param index_RB int64: rows of the sample table
 * @param targets null: nothing is aligned
 */
export function runLosses(
  index_RB: Tensor,
  targets: RunTargets | null,
  parameters: ReadonlyMap<string, Tensor>,
  aligners: RunAligners | null,
  data: RunData,
  config: Qwen25VLConfig,
  dtype: ComputeDType,
): RunLosses {
  return scope(() => {
    const [R, B] = index_RB.shape as [number, number];
    const { samples, alignment } = data;
    const flat = index_RB.view(-1);
    const take = (x: Tensor) => x.indexSelect(0, flat).view(R, B, ...x.shape.slice(1));
    const aligned = targets && alignment;
    const batch = noGrad(() => ({
      patches: data.clips.read(samples.clip_N.indexSelect(0, flat), dtype),
      rows: aligned ? take(aligned.rows_NQ) : null,
    }));
    const { logits, rows } = runForward(
      {
        ids_RBN: take(samples.ids_NL),
        patches_RBPI: batch.patches.view(R, B, ...batch.patches.shape.slice(1)),
        grid: data.layout.grid,
        visual: data.layout.visual,
        positions_31N: samples.positions,
        asked_RBK: take(samples.asked_NK),
        rows_RBQ: batch.rows,
      },
      castAll(parameters, dtype),
      config,
    );
    const ar_R = runCrossEntropy(logits, take(samples.targets_NK));
    if (!aligned || !rows) return { ar_R, align_R: null };
    // Arm and sample as one index into [arms · N, …].
    const both = targets.arm_R1.mul(aligned.rows_NQ.size(0)).add(index_RB).view(-1);
    const takeArm = (x: Tensor) =>
      x
        .flatten(0, 1)
        .indexSelect(0, both)
        .view(R, B, ...x.shape.slice(2))
        .to('float32');
    const words = take(aligned.share_NWQ).matmul(rows); // [R, B, W, S_visual]
    const ours = resized(words, visualGrid(data.layout, config), aligned.grid);
    const align_R = runAlignmentLoss(
      aligners ? aligners.forward(ours) : ours,
      takeArm(aligned.priors_ANWS),
      takeArm(aligned.words_ANW),
      targets.squared_R1,
    );
    return { ar_R, align_R };
  });
}

function resized(words_RBWS: Tensor, from: Grid, to: Grid): Tensor {
  const [R, B, W] = words_RBWS.shape as [number, number, number];
  return resizeMaps(words_RBWS.flatten(0, 2), from, to).view(R, B, W, -1);
}

/** The grid of a clip's visual tokens. */
export function visualGrid({ grid: [frames, h, w] }: Pick<ClipLayout, 'grid'>, { vision }: Qwen25VLConfig): Grid {
  return { frames, height: h / vision.spatialMergeSize, width: w / vision.spatialMergeSize };
}
