import type { MapSettings } from '../align/maps-of-condition.js';
import type { RunSpec } from '../runs/spec.js';

/** One way to fine-tune: what the attention is pulled toward, and how. */
export interface Condition
  extends MapSettings,
    Required<Pick<RunSpec, 'lambda' | 'lambdaRatio' | 'aligner' | 'loss' | 'data'>> {
  name: string;
  /** `none`, `masks` (where the objects truly are), or the name of a prior in the file. */
  prior: string;
  /** `share`: rows scaled to the start model's own mean visual share; `raw`: as they are. */
  scale: 'raw' | 'share';
}

export const PLAIN: Readonly<Condition> = {
  name: 'plain',
  prior: 'none',
  of: 'own',
  wrong: 0,
  words: 'all',
  only: '',
  rows: 'token',
  mover: false,
  gate: 1,
  sharp: 1,
  still: false,
  blur: 0,
  mix: 0,
  scale: 'share',
  loss: 'norm',
  lambda: 1,
  lambdaRatio: 0,
  aligner: 'identity',
  data: 1000,
};

/** The paper's form: x stream, five steps, MHS + MTTI, MLP aligner, λ = 1, maps as they are. */
export const PAPER = {
  prior: 'mhs-x-all',
  words: 'kept',
  scale: 'raw',
  lambda: 1,
  aligner: 'mlp',
} as const satisfies Partial<Condition>;

/** What the maps of a condition depend on: conditions of equal keys share their targets. */
export const mapKey = (condition: Condition): string => ordered(condition, MAP_FIELDS);

const TRAINING_FIELDS = ['loss', 'lambda', 'lambdaRatio', 'aligner', 'data'] as const;
const MAP_FIELDS = (Object.keys(PLAIN) as (keyof Condition)[]).filter(
  (field) => field !== 'name' && !(TRAINING_FIELDS as readonly string[]).includes(field),
);

/** All that sets a condition, its name aside: equal for `masks:lambda=1` and `masks`. Without a prior, the data alone. */
export const conditionKey = (condition: Condition): string =>
  condition.prior === 'none'
    ? ordered({ ...PLAIN, data: condition.data }, ['prior', 'data'])
    : ordered(condition, [...MAP_FIELDS, ...TRAINING_FIELDS]);

const ordered = (condition: Condition, fields: readonly (keyof Condition)[]) =>
  JSON.stringify(fields.map((field) => condition[field]));
