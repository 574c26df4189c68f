import type { Benchmark } from '../benchmark.js';
import { loadFavorOpen } from './load.js';
import { FAVOR_OPEN_PROTOCOLS } from './protocols.js';
import { scoreFavorOpen } from './score.js';

/** FAVOR-Bench's open part: a caption a video. The paper reports no number of it. */
export const FAVOR_OPEN: Benchmark = {
  name: 'favor-open',
  splits: ['all'],
  load: loadFavorOpen,
  published: {
    all: {
      // One record says it in words of its own.
      total: 1776,
      types: { 'Single subject': 1121, 'Multiple subjects': 654, 'A single subject': 1 },
      source: 'FAVOR-Bench/FAVOR-Bench @ 62c7e0f FAVOR_gt_annotations.json',
    },
  },
  protocols: FAVOR_OPEN_PROTOCOLS,
  layout: null,
  score: scoreFavorOpen,
};
