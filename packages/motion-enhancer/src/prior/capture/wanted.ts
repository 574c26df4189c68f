import { byReliability } from '../check-options.js';
import type { PriorConfig } from '../config.js';
import type { Direction } from './word-capture.js';

/** Whether the statistics of MHS are taken: always beside a reconstruction, as ever; of single passes only for MHS. */
export const wantsStatistics = (o: Pick<PriorConfig, 'mode' | 'selection'>): boolean =>
  o.mode === 'invert' || o.selection === 'mhs';

/** The directions that give words their maps, in the order in which heads are listed. */
export const directionsOf = ({ direction }: Pick<PriorConfig, 'direction'>): Direction[] =>
  direction === 'both' ? ['text-to-video', 'video-to-text'] : [direction];

/** Whether words' maps are captured apart: where the capture of the statistics does not bring all that is wanted. */
export const wantsWordCapture = (o: PriorConfig): boolean =>
  !wantsStatistics(o) || o.direction !== 'text-to-video' || byReliability(o);
