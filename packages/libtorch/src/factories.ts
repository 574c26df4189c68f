import { B } from './bound.js';
import { codeOfDtype, type DType } from './dtype.js';
import type { Generator } from './random.js';
import { Tensor } from './tensor.js';
import type { TensorOptions } from './transfer.js';

export interface RandomOptions extends TensorOptions {
  generator?: Generator;
}

const code = (dtype: DType | undefined, fallback: DType = 'float32') => codeOfDtype(dtype ?? fallback);

function made(slot: number, options: TensorOptions): Tensor {
  const result = new Tensor(slot);
  return options.requiresGrad ? result.requiresGrad_() : result;
}

/** Uninitialised memory. */
export function empty(shape: readonly number[], o: TensorOptions = {}): Tensor {
  return made(B.empty(shape, code(o.dtype), undefined, o.device), o);
}
export function zeros(shape: readonly number[], o: TensorOptions = {}): Tensor {
  return made(B.zeros(shape, code(o.dtype), undefined, o.device), o);
}
export function ones(shape: readonly number[], o: TensorOptions = {}): Tensor {
  return made(B.ones(shape, code(o.dtype), undefined, o.device), o);
}
export function full(shape: readonly number[], value: number, o: TensorOptions = {}): Tensor {
  return made(B.full(shape, value, code(o.dtype), undefined, o.device), o);
}
/** start, start + step, … below end; int64 by default. */
export function arange(start: number, end: number, step = 1, o: TensorOptions = {}): Tensor {
  return made(B.arange(start, end, step, code(o.dtype, 'int64'), undefined, o.device), o);
}
export function linspace(start: number, end: number, steps: number, o: TensorOptions = {}): Tensor {
  return made(B.linspace(start, end, steps, code(o.dtype), undefined, o.device), o);
}
export function eye(n: number, m = n, o: TensorOptions = {}): Tensor {
  return made(B.eye(n, m, code(o.dtype), undefined, o.device), o);
}
/** Normal(0, 1). */
export function randn(shape: readonly number[], o: RandomOptions = {}): Tensor {
  return made(B.randn(shape, o.generator?.handle, code(o.dtype), undefined, o.device), o);
}
/** Uniform in [0, 1). */
export function rand(shape: readonly number[], o: RandomOptions = {}): Tensor {
  return made(B.rand(shape, o.generator?.handle, code(o.dtype), undefined, o.device), o);
}
/** Integers in [low, high); int64 by default. */
export function randint(low: number, high: number, shape: readonly number[], o: RandomOptions = {}): Tensor {
  return made(B.randint(low, high, shape, o.generator?.handle, code(o.dtype, 'int64'), undefined, o.device), o);
}
export function zerosLike(t: Tensor): Tensor {
  return new Tensor(B.zerosLike(t.slot));
}
export function emptyLike(t: Tensor): Tensor {
  return new Tensor(B.emptyLike(t.slot));
}
