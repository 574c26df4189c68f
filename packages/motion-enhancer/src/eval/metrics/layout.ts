import { SEED_TYPES } from '../benchmarks/seedbench/types.js';

/** A type of question and what its score divides by. */
export interface QuestionType {
  /** As the paper's tables abbreviate it. */
  key: string;
  /** As the benchmark's files write it. */
  name: string;
  /** Questions of the whole benchmark (MotionBench: of DEV). */
  total?: number;
}

/** Which lines a benchmark's table has. */
export interface ScoreLayout {
  types: readonly QuestionType[];
  /** Further lines, each pooled over some types. */
  groups?: readonly { key: string; name: string; types: readonly string[] }[];
}

/** Source: benchmarks' own files; counts of DEV and of FAVOR as in the paper's tables. */
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

/** `name` is the question_type_id. */
export const SEEDBENCH_LAYOUT: ScoreLayout = {
  types: SEED_TYPES.map((key, i) => ({ key, name: String(i + 1) })),
  groups: [
    { key: 'image', name: 'image', types: SEED_TYPES.slice(0, 9) },
    { key: 'video', name: 'video', types: SEED_TYPES.slice(9) },
  ],
};

export const VIDEOMME_LAYOUT: ScoreLayout = {
  types: [
    { key: 'short', name: 'short', total: 900 },
    { key: 'medium', name: 'medium', total: 900 },
    { key: 'long', name: 'long', total: 900 },
  ],
};
