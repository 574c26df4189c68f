import { expected } from '@motion-enhancer/support';
import { ALIGNED_ROLES } from '../align/aligned-words.js';
import { type Arm, PAPER, PLAIN } from './arms.js';

type Reader = (value: string | undefined) => Partial<Arm> | null;

const word = (set: Partial<Arm>): Reader => ((value) => (value === undefined ? set : null)) as Reader;

const number =
  (field: keyof Arm, fits: (value: number) => boolean): Reader =>
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
 * An arm from its text: a prior, then settings after colons. `masks`, `masks:other`, `change-r-last:λ=10:mlp`,
 * `mhs-x-all@steps10:kept`, `paper`, `plain:n=2000`. docs/world-vlm.md lists the settings.
 * @throws UserError for a setting that is none
 */
export function armOf(text: string, defaults: Partial<Arm> = {}): Arm {
  const [first, ...settings] = text.split(':') as [string, ...string[]];
  const arm: Arm = { ...PLAIN, ...defaults, name: text, prior: first === 'plain' ? 'none' : first };
  if (first === 'paper') Object.assign(arm, PAPER);
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const key = at < 0 ? setting : setting.slice(0, at);
    const found = SETTINGS.get(key === 'λ' ? 'lambda' : key)?.(at < 0 ? undefined : setting.slice(at + 1));
    if (!found) throw expected(KNOWN, `a setting of the arm ${text}`, setting, rolesHint(key));
    Object.assign(arm, found);
  }
  return arm;
}

const rolesHint = (key: string) => (key === 'only' ? `Roles are ${ALIGNED_ROLES.join(', ')}.` : undefined);

/** The shortest text that `armOf` reads as these settings, so that a table names what ran, not what it was called. */
export function armText(arm: Arm): string {
  if (arm.prior === 'none') return ['plain', ...(arm.data === PLAIN.data ? [] : [`n=${arm.data}`])].join(':');
  const paper = Object.entries(PAPER).every(
    ([field, value]) => field === 'lambda' || arm[field as keyof Arm] === value,
  );
  const base: Arm = { ...PLAIN, ...(paper ? PAPER : { prior: arm.prior }) };
  const parts = [...SETTINGS].flatMap(([key, read]) => {
    const flag = read(undefined);
    const field = flag ? (Object.keys(flag)[0] as keyof Arm) : FIELD_OF.get(key)!;
    if (arm[field] === base[field]) return [];
    if (!flag) return [`${key}=${arm[field]}`];
    return flag[field] === arm[field] ? [key] : [];
  });
  return [paper ? 'paper' : arm.prior, ...parts].join(':');
}

const FIELD_OF = new Map<string, keyof Arm>([
  ['auto', 'lambdaRatio'],
  ['n', 'data'],
  ...(['wrong', 'only', 'gate', 'sharp', 'blur', 'mix', 'lambda'] as const).map((key) => [key, key] as const),
]);
