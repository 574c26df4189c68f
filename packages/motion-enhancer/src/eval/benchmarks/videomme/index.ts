import { reportedConventionalRows } from '../../paper/reported-rows.js';
import type { Benchmark } from '../benchmark.js';
import { VIDEOMME_LAYOUT } from './layout.js';
import { loadVideoMme, VIDEOMME_TYPES } from './load.js';
import { officialVideoMmeOf } from './official.js';
import { VIDEOMME_PROTOCOLS } from './protocols.js';
import { videoMmeSubmission } from './submission.js';

/** Video-MME. */
export const VIDEOMME: Benchmark = {
  name: 'videomme',
  splits: ['all'],
  load: loadVideoMme,
  published: { all: { total: 2700, names: VIDEOMME_TYPES, source: 'Video-MME' } },
  protocols: VIDEOMME_PROTOCOLS,
  layout: VIDEOMME_LAYOUT,
  subtitles: true,
  official: officialVideoMmeOf,
  submission: videoMmeSubmission,
  reported: {
    columns: ['overall', 'short', 'medium', 'long'],
    rows: () => reportedConventionalRows({ overall: 'videomme', short: 'short', medium: 'medium', long: 'long' }),
  },
};
