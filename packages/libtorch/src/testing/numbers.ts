import { Tensor } from '../tensor.js';

/** What the comparisons of tests take: a tensor or a list of numbers. */
export type Numbers = ArrayLike<number> | Tensor;

export const numbersOf = (x: Numbers): ArrayLike<number> => (x instanceof Tensor ? x.toArray() : x);
