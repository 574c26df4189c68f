import { expected } from '@motion-enhancer/support';
import type { PriorConfig } from '../config.js';
import type { NoiseLevel, Sampler } from './sampler.js';
import { renoiseSeed } from './seeds.js';

type Options = Pick<PriorConfig, 'levels' | 'draws' | 'seed'>;

/** One forward pass of a noised clip. */
export interface Pass {
  level: NoiseLevel;
  /** Of its noise */
  seed: number;
}

/** Thousandths of the sampler's time. */
const WHOLE = 1000;

/** @throws UserError `ERR_VALUE` for what is no list of numbers between 0 and 1000 */
export function readLevels({ levels }: Pick<Options, 'levels'>): number[] {
  const numbers = levels.split(',').map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  if (numbers.every((level) => level > 0 && level < WHOLE)) return numbers;
  throw expected(`numbers between 0 and ${WHOLE} with commas between`, 'levels', levels);
}

/** How many forward passes the options ask for. */
export const passesOf = (o: Pick<Options, 'levels' | 'draws'>): number => readLevels(o).length * o.draws;

/** All levels once, then again with other noise. */
export function noisePasses(sampler: Sampler, o: Options): Pass[] {
  const levels = readLevels(o).map((time) => nearest(sampler, time));
  return Array.from({ length: o.draws }, () => levels)
    .flat()
    .map((level, pass) => ({ level, seed: renoiseSeed(o.seed, pass) }));
}

/** The level of the sampler's finest grid whose time is nearest. */
const nearest = (sampler: Sampler, time: number): NoiseLevel =>
  sampler
    .levels(WHOLE)
    .reduce((best, level) => (Math.abs(level.time - time) < Math.abs(best.time - time) ? level : best));
