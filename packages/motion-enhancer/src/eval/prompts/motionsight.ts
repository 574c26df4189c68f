import type { PromptQuestion } from './types.js';

/**
 * "The video contains N frames sampled at t1, t2, … seconds. ", its last blank included; empty where the times are not
 * known. Source: NJU-PCALab/MotionSight @ 711ebbd eval/motionsight/eval_motionbench.py (save_frames).
 */
export function frameTimes({ frameSeconds = [] }: PromptQuestion): string {
  if (frameSeconds.length === 0) return '';
  return `The video contains ${frameSeconds.length} frames sampled at ${frameSeconds.map(tenths).join(', ')} seconds. `;
}

/** `str(round(x, 1))` of Python for x ≥ 0: of two equally near tenths the even one. */
export function tenths(x: number): string {
  const quarters = x * 4;
  // Among doubles only odd quarters lie exactly between two tenths.
  const tie = Number.isInteger(quarters) && quarters % 2 === 1;
  return tie ? ((2 * Math.round(x * 5)) / 10).toFixed(1) : x.toFixed(1);
}
