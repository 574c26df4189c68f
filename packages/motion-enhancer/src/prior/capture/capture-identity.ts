import type { PriorConfig } from '../config.js';

/** Equal for options that can be selected from the same capture. */
export function captureIdentity(o: PriorConfig): string {
  const { stream, half, keys, stepsUsed, unit, squareSum, sampleRows, mask, maskWidth, maskShare, maskSelf } = o;
  return JSON.stringify([
    stream,
    half,
    keys,
    stepsUsed,
    unit,
    squareSum,
    sampleRows,
    mask,
    maskWidth,
    maskShare,
    maskSelf,
  ]);
}
