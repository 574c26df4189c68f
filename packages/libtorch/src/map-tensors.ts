import { Tensor } from './tensor.js';

/** The same structure of arrays and plain objects with other tensors in it. */
export function mapTensors<T>(value: T, map: (tensor: Tensor) => Tensor): T {
  if (value instanceof Tensor) return map(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, map)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, map)])) as T;
}
