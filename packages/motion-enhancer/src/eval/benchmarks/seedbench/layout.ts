import type { ScoreLayout } from '../../metrics/layout.js';
import { SEED_TYPES } from './types.js';

/** `name` is the question_type_id. */
export const SEEDBENCH_LAYOUT: ScoreLayout = {
  types: SEED_TYPES.map((key, i) => ({ key, name: String(i + 1) })),
  groups: [
    { key: 'image', name: 'image', types: SEED_TYPES.slice(0, 9) },
    { key: 'video', name: 'video', types: SEED_TYPES.slice(9) },
  ],
};
