import type { Fields } from '../config/field.js';

/** How attention is pulled toward the priors (docs/method.md 5 and 7); one store of priors serves every choice here. */
export const ALIGNMENT_FIELDS = {
  lambda: { type: 'number', default: 1, min: 0, text: 'λ of L = L_AR + λ L_MSE; 0 trains without priors', paper: '1' },
  lambdaRatio: {
    type: 'number',
    default: 0,
    min: 0,
    text: 'Holds λ‖∇L_MSE‖ / ‖∇L_AR‖ near this by moving λ; 0 leaves λ as it is. `lambda: auto:R` says the same',
  },
  ratioEvery: {
    type: 'integer',
    default: 50,
    min: 0,
    text: 'Measures that ratio every so many steps, each at the cost of two steps more; 0: never',
    unit: 'steps',
  },
  alignmentLoss: {
    type: 'choice',
    choices: ['norm', 'squared', 'min-max'],
    default: 'norm',
    text: 'L_MSE: the un-squared norm of Eq 15, its square, or the mean square of maps stretched to [0, 1]',
  },
  sharpen: {
    type: 'number',
    default: 1,
    min: 0.01,
    text: 'Takes each selected word’s map to this power, its sum kept: above 1 it gathers at its peaks; 1 leaves maps as they are',
    paper: 'none',
  },
  priorScale: {
    type: 'choice',
    choices: ['raw', 'share'],
    default: 'raw',
    text: 'Rows of priors as they are, or each scaled to the mean sum of the start model’s rows, measured once before the first step',
    paper: 'raw',
  },
  gate: {
    type: 'choice',
    choices: ['none', 'focus'],
    default: 'none',
    text: 'Weight of a sample’s L_MSE: 1, or by how focused its prior is (1 − entropy of the map in units of a uniform one’s)',
    paper: 'none',
  },
  gateFull: { type: 'number', default: 0.2, min: 1e-6, max: 1, text: 'gate focus: this much focus, or more, weighs 1' },
  aligner: {
    type: 'choice',
    choices: ['mlp', 'pointwise', 'identity'],
    default: 'mlp',
    text: 'Maps the VLM’s attention to the prior’s space',
    paper: 'mlp',
  },
  alignerWidth: { type: 'integer', default: 1024, min: 1, text: 'Hidden width of the aligner' },
  maxCells: { type: 'integer', default: 4096, min: 1, text: 'Most cells S of the alignment grid', unit: 'cells' },
  heads: {
    type: 'choice',
    choices: ['kept', 'all', 'ratio'],
    default: 'kept',
    text: 'Prior over the heads that the extraction kept, over all (ablation without MHS), or over headRatio of them (priors extracted with keepHeads)',
  },
  headRatio: { type: 'number', default: 0.5, min: 0, max: 1, text: 'heads ratio: share of heads, best rank first' },
  words: {
    type: 'choice',
    choices: ['kept', 'all'],
    default: 'kept',
    text: 'Motion-salient words, or all (ablation without MTTI)',
  },
  wordRatio: { type: 'number', default: 0.5, min: 0, max: 1, text: 'Share of words that MTTI keeps', paper: '0.5' },
} as const satisfies Fields;
