import { type Grid, resizeMaps } from '@motion-enhancer/core/internal/align/index.js';
import { noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VLConfig } from '@motion-enhancer/models';
import type { RunAligners } from '../run-axis/aligners.js';
import type { RunDecoded } from '../run-axis/language.js';
import { runAlignmentLoss, runCrossEntropy } from '../run-axis/loss.js';
import { runForward } from '../run-axis/model.js';
import type { ClipTable } from '../vlm/clip-table.js';
import type { ClipLayout } from '../vlm/layout.js';
import type { SampleTable } from '../vlm/sample-table.js';

export type ComputeDType = 'float32' | 'bfloat16';

/** What samples are pulled toward, for every condition of an experiment. Free it with `dispose()`. */
export interface AlignmentTable {
  /** Of the priors. */
  grid: Grid;
  /** int64 [N, Q]: places of the tokens whose attention is read. */
  rows_NQ: Tensor;
  /** [N, W, Q]: share of each token in a word. */
  share_NWQ: Tensor;
  /** [conditions, N, W, S]: the conditions' maps, and [conditions, N, W] which words they align (1) or not (0). */
  priors_CNWS: Tensor;
  words_CNW: Tensor;
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
  /** int64 [R, 1]: each run's condition in the alignment table. */
  condition_R1: Tensor;
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

/** What R runs are trained with: the same for every step. */
export interface RunModel {
  /** [R, …] by canonical name. */
  parameters: ReadonlyMap<string, Tensor>;
  aligners: RunAligners | null;
  config: Qwen25VLConfig;
  dtype: ComputeDType;
}

/**
 * Both losses of Eq 16 of R runs on a batch each; under autograd.
 * @param index_RB int64: rows of the sample table
 * @param targets null: nothing is aligned
 */
export function runLosses(index_RB: Tensor, targets: RunTargets | null, data: RunData, model: RunModel): RunLosses {
  return scope(() => {
    const aligned = targets && data.alignment;
    const { logits, rows } = forwardBatch(index_RB, aligned ? data.alignment : null, data, model);
    const ar_R = runCrossEntropy(logits, samplesOf(data.samples.targets_NK, index_RB));
    if (!aligned || !rows) return { ar_R, align_R: null };
    const words = samplesOf(aligned.share_NWQ, index_RB).matmul(rows); // [R, B, W, S_visual]
    const ours = resized(words, visualGrid(data.layout, model.config), aligned.grid);
    const align_R = runAlignmentLoss({
      ours_RBWS: model.aligners ? model.aligners.forward(ours) : ours,
      ...priorsOf(aligned, index_RB, targets),
      squared_R1: targets.squared_R1,
    });
    return { ar_R, align_R };
  });
}

/** Rows of a table [N, …] for every sample of every run: [R, B, …] */
function samplesOf(table: Tensor, index_RB: Tensor): Tensor {
  return table.indexSelect(0, index_RB.view(-1)).view(...index_RB.shape, ...table.shape.slice(1));
}

/** @param aligned null: no attention is read */
function forwardBatch(index_RB: Tensor, aligned: AlignmentTable | null, data: RunData, model: RunModel): RunDecoded {
  const { samples, clips, layout } = data;
  const batch = noGrad(() => ({
    patches: clips.read(samples.clip_N.indexSelect(0, index_RB.view(-1)), model.dtype),
    rows: aligned ? samplesOf(aligned.rows_NQ, index_RB) : null,
  }));
  return runForward(
    {
      ids_RBN: samplesOf(samples.ids_NL, index_RB),
      patches_RBPI: batch.patches.view(...index_RB.shape, ...batch.patches.shape.slice(1)),
      grid: layout.grid,
      visual: layout.visual,
      positions_31N: samples.positions,
      logitPositions_RBK: samplesOf(samples.logitPositions_NK, index_RB),
      rows_RBQ: batch.rows,
    },
    castAll(model.parameters, model.dtype),
    model.config,
  );
}

/** What each run's condition has for its samples. */
function priorsOf(aligned: AlignmentTable, index_RB: Tensor, { condition_R1 }: RunTargets) {
  // Condition and sample as one index into [conditions · N, …].
  const both_RB = condition_R1.mul(aligned.rows_NQ.size(0)).add(index_RB);
  return {
    prior_RBWS: samplesOf(aligned.priors_CNWS.flatten(0, 1), both_RB).to('float32'),
    words_RBW: samplesOf(aligned.words_CNW.flatten(0, 1), both_RB).to('float32'),
  };
}

function resized(words_RBWS: Tensor, from: Grid, to: Grid): Tensor {
  const [R, B, W] = words_RBWS.shape as [number, number, number];
  return resizeMaps(words_RBWS.flatten(0, 2), from, to).view(R, B, W, -1);
}

/** The grid of a clip's visual tokens. */
export function visualGrid({ grid: [frames, h, w] }: Pick<ClipLayout, 'grid'>, { vision }: Qwen25VLConfig): Grid {
  return { frames, height: h / vision.spatialMergeSize, width: w / vision.spatialMergeSize };
}
