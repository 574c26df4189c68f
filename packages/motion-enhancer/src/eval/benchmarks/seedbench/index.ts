import { reportedConventionalRows } from '../../paper/reported-rows.js';
import type { Benchmark } from '../benchmark.js';
import { SEEDBENCH_LAYOUT } from './layout.js';
import { loadSeedBench, type SeedSplit } from './load.js';
import { SEEDBENCH_PROTOCOLS } from './protocols.js';
import { seedBenchSubmission } from './submission.js';
import { SEED_TYPES } from './types.js';

/** SEED-Bench (v1). */
export const SEEDBENCH: Benchmark = {
  name: 'seedbench',
  splits: ['all', 'image', 'video'],
  load: (data, split) => loadSeedBench(data, split as SeedSplit),
  published: {
    all: { total: 19242, names: SEED_TYPES, source: 'SEED-Bench, types 1–12' },
    image: { names: SEED_TYPES.slice(0, 9), source: 'SEED-Bench, types 1–9' },
    video: { names: SEED_TYPES.slice(9), source: 'SEED-Bench, types 10–12' },
  },
  protocols: SEEDBENCH_PROTOCOLS,
  layout: SEEDBENCH_LAYOUT,
  submission: seedBenchSubmission,
  reported: {
    columns: ['overall', 'image', 'video'],
    rows: () => reportedConventionalRows({ overall: 'seed_all', image: 'seed_image', video: 'seed_video' }),
  },
};
