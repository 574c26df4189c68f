/** One line of log.jsonl: what one step did. */
export interface StepLog {
  step: number;
  lossAr: number;
  /** L_MSE, mean over the samples that have a prior; null if none has. */
  lossAlign: number | null;
  lambda: number;
  /** λ L_MSE as it stands in the loss, gate included. */
  weightedAlign: number;
  loss: number;
  /** λ‖∇L_MSE‖ / ‖∇L_AR‖ over the VLM's parameters; null where it was not measured. */
  gradRatio: number | null;
  gradNorm: number;
  /** Of the language model. */
  lr: number;
  /** Of every group. */
  lrs: Record<string, number>;
  tokens: number;
  tokensPerSecond: number;
  /** Of the device's peak at 16 bits, recomputation not counted; null where the peak is not known. */
  mfu: number | null;
  /** Most bytes of the device held in this step; of a CPU what the process holds now. */
  memoryBytes: number;
  seconds: number;
  /** Of these, waited for data. */
  waitSeconds: number;
  etaSeconds: number;
  samples: string[];
  aligned: number;
  /** Selected words of this step that the chats had, and had not. */
  words: number;
  droppedWords: number;
  /** With `priorScale: share`: the sum that rows of priors are scaled to, the same in every step. */
  rowSum?: number;
  /** Of a run on several ranks: how many, the time of the slowest one's passes over the fastest one's, and which it was. */
  ranks?: number;
  skew?: number;
  slowest?: number;
}

const clock = (seconds: number) => {
  const s = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};

/** One console line a step. */
export function stepLine(log: StepLog, total: number): string {
  const align =
    log.lossAlign === null
      ? 'L_MSE no prior'
      : `L_MSE ${log.lossAlign.toExponential(3)}  λL_MSE ${log.weightedAlign.toExponential(2)} (λ ${Number(log.lambda.toPrecision(3))})`;
  return [
    `step ${log.step}/${total}`,
    `L_AR ${log.lossAr.toFixed(4)}`,
    align,
    ...(log.gradRatio === null ? [] : [`λ∇L_MSE/∇L_AR ${log.gradRatio.toPrecision(2)}`]),
    `grad ${log.gradNorm.toFixed(3)}`,
    `lr ${[...new Set(Object.values(log.lrs))].map((lr) => lr.toExponential(1)).join('/')}`,
    `${log.words} words${log.droppedWords > 0 ? ` (${log.droppedWords} not found)` : ''}`,
    `${log.tokensPerSecond.toFixed(0)} tokens/s`,
    ...(log.mfu === null ? [] : [`MFU ${(100 * log.mfu).toFixed(1)} %`]),
    `${(log.memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    ...(log.skew === undefined ? [] : [`${log.ranks} ranks, skew ${log.skew.toFixed(2)}`]),
    `ETA ${clock(log.etaSeconds)}`,
  ].join('  ');
}

/** The scalars of a step for TensorBoard. */
export function stepScalars(log: StepLog): Record<string, number | null> {
  return {
    'loss/L_AR': log.lossAr,
    'loss/L_MSE': log.lossAlign,
    'loss/lambda_L_MSE': log.lossAlign === null ? null : log.weightedAlign,
    'loss/total': log.loss,
    'alignment/lambda': log.lambda,
    'alignment/gradient_ratio': log.gradRatio,
    'alignment/row_sum': log.rowSum ?? null,
    'alignment/words': log.words,
    'alignment/words_not_found': log.droppedWords,
    'optimiser/gradient_norm': log.gradNorm,
    ...Object.fromEntries(Object.entries(log.lrs).map(([group, lr]) => [`optimiser/lr_${group}`, lr])),
    'speed/tokens_per_second': log.tokensPerSecond,
    'speed/mfu': log.mfu,
    'speed/seconds': log.seconds,
    'speed/wait_seconds': log.waitSeconds,
    'speed/memory_gib': log.memoryBytes / 2 ** 30,
  };
}
