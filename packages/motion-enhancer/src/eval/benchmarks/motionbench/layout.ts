import type { ScoreLayout } from '../../metrics/layout.js';

/** Counts of DEV as in the paper's tables. */
export const MOTIONBENCH_LAYOUT: ScoreLayout = {
  types: [
    { key: 'MR', name: 'Motion Recognition', total: 1478 },
    { key: 'LM', name: 'Location-related Motion', total: 546 },
    { key: 'CM', name: 'Camera Motion', total: 385 },
    { key: 'MO', name: 'Motion-related Objects', total: 690 },
    { key: 'AO', name: 'Action Order', total: 519 },
    { key: 'RC', name: 'Repetition Count', total: 400 },
  ],
};
