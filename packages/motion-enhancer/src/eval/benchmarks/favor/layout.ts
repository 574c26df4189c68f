import type { ScoreLayout } from '../../metrics/layout.js';

/** Source: FAVOR-Bench/FAVOR-Bench @ 62c7e0f analyze_qa.py, which divides by these whatever was answered. */
export const FAVOR_LAYOUT: ScoreLayout = {
  types: [
    { key: 'AS', name: 'AS', total: 2637 },
    { key: 'HAC', name: 'HAC', total: 1541 },
    { key: 'SAD', name: 'SAD', total: 1662 },
    { key: 'MAD', name: 'MAD', total: 1205 },
    { key: 'CM', name: 'CM', total: 1075 },
    { key: 'NSM', name: 'NSM', total: 64 },
  ],
};
