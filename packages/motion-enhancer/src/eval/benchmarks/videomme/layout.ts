import type { ScoreLayout } from '../../metrics/layout.js';

/** The three lengths of videos. */
export const VIDEOMME_LAYOUT: ScoreLayout = {
  types: [
    { key: 'short', name: 'short', total: 900 },
    { key: 'medium', name: 'medium', total: 900 },
    { key: 'long', name: 'long', total: 900 },
  ],
};
