import type { ScheduleConfig } from './schedule-config.js';

/**
 * ᾱ of every training level, in float64: the share of signal variance.
 * Source: diffusers schedulers/scheduling_ddim_cogvideox.py @ 58eb52c0; zero terminal SNR: arXiv 2305.08891, Algorithm 1;
 * SNR shift: arXiv 2403.03206.
 */
export function alphaBarTable(c: ScheduleConfig, snrShiftScale = c.snrShiftScale): Float64Array {
  const levels = c.numTrainTimesteps;
  const from = Math.sqrt(c.betaStart);
  const step = (Math.sqrt(c.betaEnd) - from) / (levels - 1);
  const table = new Float64Array(levels);
  let product = 1;
  for (let i = 0; i < levels; i++) {
    product *= 1 - (from + i * step) ** 2;
    table[i] = product / (snrShiftScale + (1 - snrShiftScale) * product);
  }
  if (!c.rescaleBetasZeroSnr) return table;
  const first = Math.sqrt(table[0]!);
  const last = Math.sqrt(table[levels - 1]!);
  return table.map((value) => (((Math.sqrt(value) - last) * first) / (first - last)) ** 2);
}
