import { reportedAblations } from '../../paper/reported-ablations.js';
import { reportedMotionRows } from '../../paper/reported-rows.js';
import type { Benchmark } from '../benchmark.js';
import { FAVOR_LAYOUT } from './layout.js';
import { loadFavor } from './load.js';
import { FAVOR_PROTOCOLS } from './protocols.js';

const COLUMNS = ['overall', 'average', 'AS', 'HAC', 'SAD', 'MAD', 'CM', 'NSM'] as const;

/** FAVOR-Bench's closed questions. */
export const FAVOR: Benchmark = {
  name: 'favor',
  splits: ['all'],
  load: loadFavor,
  published: {
    all: {
      total: 8184,
      types: { AS: 2637, HAC: 1541, SAD: 1662, MAD: 1205, CM: 1075, NSM: 64 },
      source: 'FAVOR-Bench analyze_qa.py',
    },
  },
  protocols: FAVOR_PROTOCOLS,
  layout: FAVOR_LAYOUT,
  reported: {
    columns: COLUMNS,
    rows: () => reportedMotionRows('favor', COLUMNS),
    ablations: () => reportedAblations('favor'),
  },
};
