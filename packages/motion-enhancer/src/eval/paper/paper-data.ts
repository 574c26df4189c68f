import { createRequire } from 'node:module';

/** paper-tables.json as it stands; null where the paper prints a dash. Percent. */
export interface PaperData {
  source: string;
  motionbench: MotionRow<'MR' | 'LM' | 'CM' | 'MO' | 'AO' | 'RC'>[];
  favor: MotionRow<'AS' | 'HAC' | 'SAD' | 'MAD' | 'CM' | 'NSM'>[];
  ablation_7b: { mhs: boolean; mtti: boolean; motionbench: [number, number]; favor: [number, number] }[];
  steps_7b: Sweep;
  ratio_7b: Sweep;
  data_7b: Sweep;
  conventional: ({ model: string } & Record<ConventionalColumn, number | null>)[];
  counts: { motionbench_dev: Record<string, number>; favor: Record<string, number> };
}

export type ConventionalColumn = 'seed_all' | 'seed_image' | 'seed_video' | 'videomme' | 'short' | 'medium' | 'long';

type MotionRow<T extends string> = {
  series: string;
  model: string;
  frames: string;
  /** Run by the paper's authors (their asterisk), not quoted. */
  reproduced: boolean;
} & Record<'overall' | 'average' | T, number | null>;

/** What the columns are, and a row of numbers for each setting. */
export type Sweep = { columns: string } & Record<string, string | number[]>;

export const PAPER_DATA = createRequire(import.meta.url)('./paper-tables.json') as PaperData;

/** Where the numbers are from, for the foot of a table. */
export const PAPER_SOURCE = PAPER_DATA.source;
