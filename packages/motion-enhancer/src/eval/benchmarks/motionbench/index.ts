import { reportedAblations } from '../../paper/reported-ablations.js';
import { reportedMotionRows } from '../../paper/reported-rows.js';
import type { Benchmark } from '../benchmark.js';
import { MOTIONBENCH_LAYOUT } from './layout.js';
import { loadMotionBench, type MotionBenchSplit } from './load.js';
import { officialMotionBenchOf } from './official.js';
import { MOTIONBENCH_PROTOCOLS } from './protocols.js';
import { motionBenchSubmission } from './submission.js';

const COLUMNS = ['overall', 'average', 'MR', 'LM', 'CM', 'MO', 'AO', 'RC'] as const;

export const MOTIONBENCH: Benchmark = {
  name: 'motionbench',
  splits: ['dev', 'test', 'all'],
  load: (data, split) => loadMotionBench(data, split as MotionBenchSplit),
  // Of TEST sources differ (4,034 or 4,036), so that it is not checked.
  published: {
    dev: {
      total: 4018,
      types: { MR: 1478, LM: 546, AO: 519, RC: 400, MO: 690, CM: 385 },
      source: 'THUDM/MotionBench, DEV',
    },
  },
  protocols: MOTIONBENCH_PROTOCOLS,
  layout: MOTIONBENCH_LAYOUT,
  official: officialMotionBenchOf,
  submission: motionBenchSubmission,
  reported: {
    columns: COLUMNS,
    rows: () => reportedMotionRows('motionbench', COLUMNS),
    ablations: () => reportedAblations('motionbench'),
  },
};
