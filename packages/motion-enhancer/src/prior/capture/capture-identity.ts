import { byReliability } from '../check-options.js';
import type { PriorConfig } from '../config.js';
import { wantsStatistics } from './wanted.js';

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
    o.direction,
    wantsStatistics(o),
    byReliability(o),
    ...(o.spread > 0 ? [o.spreadLayer] : []),
  ]);
}
