import { expected } from '@motion-enhancer/support';
import { ALIGNED_ROLES } from '../align/aligned-words.js';
import { type Condition, PAPER, PLAIN } from './condition.js';

type Reader = (value: string | undefined) => Partial<Condition> | null;

const word = (set: Partial<Condition>): Reader => ((value) => (value === undefined ? set : null)) as Reader;

const number =
  (field: keyof Condition, fits: (value: number) => boolean): Reader =>
  (value) =>
    value && fits(Number(value)) ? { [field]: Number(value) } : null;

const share = (value: number) => value >= 0 && value <= 1;
const positive = (value: number) => value > 0 && value < Number.POSITIVE_INFINITY;
const whole = (value: number) => Number.isInteger(value) && value >= 1;

const roles: Reader = (value) => {
  const named = new Set((value ?? '').split('+'));
  const known = ALIGNED_ROLES.filter((role) => named.has(role));
  return known.length === named.size ? { only: known.join('+') } : null;
};

const SETTINGS = new Map<string, Reader>([
  ['other', word({ of: 'other' })],
  ['wrong', number('wrong', share)],
  ['kept', word({ words: 'kept' })],
  ['all', word({ words: 'all' })],
  ['only', roles],
  ['token', word({ rows: 'token' })],
  ['predict', word({ rows: 'predict' })],
  ['mover', word({ mover: true })],
  ['gate', number('gate', (value) => share(value) && value > 0)],
  ['sharp', number('sharp', positive)],
  ['still', word({ still: true })],
  ['blur', number('blur', whole)],
  ['mix', number('mix', share)],
  ['raw', word({ scale: 'raw' })],
  ['share', word({ scale: 'share' })],
  ['norm', word({ loss: 'norm' })],
  ['squared', word({ loss: 'squared' })],
  ['identity', word({ aligner: 'identity' })],
  ['pointwise', word({ aligner: 'pointwise' })],
  ['mlp', word({ aligner: 'mlp' })],
  ['lambda', number('lambda', (value) => value === 0 || positive(value))],
  ['auto', number('lambdaRatio', positive)],
  ['n', number('data', whole)],
]);

const KNOWN =
  'other, wrong=P, kept, all, only=ROLE+ROLE, token, predict, mover, gate=Q, sharp=P, still, blur=K, mix=M, raw, share, norm, squared, identity, pointwise, mlp, lambda=N, auto=R or n=N';

/**
 * A condition from its text: a prior, then settings after colons. `masks`, `masks:other`, `change-r-last:λ=10:mlp`,
 * `mhs-x-all@steps10:kept`, `paper`, `plain:n=2000`. docs/world-vlm.md lists the settings.
 * @throws UserError for a setting that is none
 */
export function conditionOf(text: string, defaults: Partial<Condition> = {}): Condition {
  const [first, ...settings] = text.split(':') as [string, ...string[]];
  const condition: Condition = { ...PLAIN, ...defaults, name: text, prior: first === 'plain' ? 'none' : first };
  if (first === 'paper') Object.assign(condition, PAPER);
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const key = at < 0 ? setting : setting.slice(0, at);
    const found = SETTINGS.get(key === 'λ' ? 'lambda' : key)?.(at < 0 ? undefined : setting.slice(at + 1));
    if (!found) throw expected(KNOWN, `a setting of the arm ${text}`, setting, rolesHint(key));
    Object.assign(condition, found);
  }
  return condition;
}

const rolesHint = (key: string) => (key === 'only' ? `Roles are ${ALIGNED_ROLES.join(', ')}.` : undefined);

/** The shortest text that `conditionOf` reads as these settings, so that a table names what ran, not what it was called. */
export function conditionText(condition: Condition): string {
  if (condition.prior === 'none')
    return ['plain', ...(condition.data === PLAIN.data ? [] : [`n=${condition.data}`])].join(':');
  const paper = Object.entries(PAPER).every(
    ([field, value]) => field === 'lambda' || condition[field as keyof Condition] === value,
  );
  const base: Condition = { ...PLAIN, ...(paper ? PAPER : { prior: condition.prior }) };
  const parts = [...SETTINGS].flatMap(([key, read]) => {
    const flag = read(undefined);
    const field = flag ? (Object.keys(flag)[0] as keyof Condition) : FIELD_OF.get(key)!;
    if (condition[field] === base[field]) return [];
    if (!flag) return [`${key}=${condition[field]}`];
    return flag[field] === condition[field] ? [key] : [];
  });
  return [paper ? 'paper' : condition.prior, ...parts].join(':');
}

const FIELD_OF = new Map<string, keyof Condition>([
  ['auto', 'lambdaRatio'],
  ['n', 'data'],
  ...(['wrong', 'only', 'gate', 'sharp', 'blur', 'mix', 'lambda'] as const).map((key) => [key, key] as const),
]);
