import type { MapSettings } from '../align/maps-of-arm.js';
import type { RunSpec } from '../runs/spec.js';

/** One way to fine-tune: what the attention is pulled toward, and how. */
export interface Arm
  extends MapSettings,
    Required<Pick<RunSpec, 'lambda' | 'lambdaRatio' | 'aligner' | 'loss' | 'data'>> {
  name: string;
  /** `none`, `masks` (where the objects truly are), or the name of a prior in the file. */
  prior: string;
  /** `share`: rows scaled to the start model's own mean visual share; `raw`: as they are. */
  scale: 'raw' | 'share';
}

export const PLAIN: Readonly<Arm> = {
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
} as const satisfies Partial<Arm>;

/** What the maps of an arm depend on: arms of equal keys share their targets. */
export const mapKey = (arm: Arm): string => ordered(arm, MAP_FIELDS);

const TRAINING_FIELDS = ['loss', 'lambda', 'lambdaRatio', 'aligner', 'data'] as const;
const MAP_FIELDS = (Object.keys(PLAIN) as (keyof Arm)[]).filter(
  (field) => field !== 'name' && !(TRAINING_FIELDS as readonly string[]).includes(field),
);

/** All that sets an arm, its name aside: equal for `masks:lambda=1` and `masks`. Without a prior, the data alone. */
export const armKey = (arm: Arm): string =>
  arm.prior === 'none'
    ? ordered({ ...PLAIN, data: arm.data }, ['prior', 'data'])
    : ordered(arm, [...MAP_FIELDS, ...TRAINING_FIELDS]);

const ordered = (arm: Arm, fields: readonly (keyof Arm)[]) => JSON.stringify(fields.map((field) => arm[field]));
