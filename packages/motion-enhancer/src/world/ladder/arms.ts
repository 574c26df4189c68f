import { expected } from '@motion-enhancer/libtorch';
import type { AlignerKind } from '../../align/index.js';

/** One way to fine-tune: what the attention is pulled toward, and how. */
export interface Arm {
  name: string;
  /** `none`, `masks` (where the objects truly are), or the name of a prior in the file. */
  prior: string;
  of: 'own' | 'other';
  words: 'all' | 'kept';
  /** Rows of a reply's words. */
  rows: 'token' | 'predict';
  /** `share`: rows scaled to the start model's own mean visual share; `raw`: as they are. */
  scale: 'raw' | 'share';
  lambda: number;
  lambdaRatio: number;
  aligner: AlignerKind;
  /** Samples to train on. */
  data: number;
}

const PLAIN: Arm = {
  name: 'plain',
  prior: 'none',
  of: 'own',
  words: 'all',
  rows: 'token',
  scale: 'share',
  lambda: 100,
  lambdaRatio: 0,
  aligner: 'identity',
  data: 1000,
};

/**
 * An arm from its text: a prior, then settings after colons. `masks`, `masks:other`, `mhs:λ=10:mlp`, `focus:auto=1`,
 * `paper` (x stream, five steps, MHS + MTTI, MLP aligner, λ = 1, maps as they are), `plain:n=2000`.
 * @throws UserError for a setting that is none
 */
export function armOf(text: string, defaults: Partial<Arm> = {}): Arm {
  const [first, ...settings] = text.split(':') as [string, ...string[]];
  const arm: Arm = { ...PLAIN, ...defaults, name: text, prior: first === 'plain' ? 'none' : first };
  if (first === 'paper')
    Object.assign(arm, {
      prior: 'mhs-x-all',
      words: 'kept',
      scale: 'raw',
      lambda: 1,
      aligner: 'mlp',
    } satisfies Partial<Arm>);
  for (const setting of settings) {
    const [key, value] = setting.split('=') as [string, string | undefined];
    if (setting === 'other') arm.of = 'other';
    else if (setting === 'kept' || setting === 'all') arm.words = setting;
    else if (setting === 'predict') arm.rows = setting;
    else if (setting === 'raw' || setting === 'share') arm.scale = setting;
    else if (setting === 'mlp' || setting === 'pointwise' || setting === 'identity') arm.aligner = setting;
    else if ((key === 'λ' || key === 'lambda') && Number(value) >= 0) arm.lambda = Number(value);
    else if (key === 'auto' && Number(value) > 0) arm.lambdaRatio = Number(value);
    else if (key === 'n' && Number(value) >= 1) arm.data = Number(value);
    else
      throw expected(
        'other, kept, all, raw, share, predict, identity, pointwise, mlp, lambda=N, auto=R or n=N',
        `a setting of the arm ${text}`,
        setting,
      );
  }
  return arm;
}
