import { Tensor } from '@motion-enhancer/libtorch';

/** The same tree of arrays and plain objects with every tensor replaced; other values stay. */
export function mapTensors<T>(tree: T, change: (tensor: Tensor) => Tensor): T {
  if (tree instanceof Tensor) return change(tree) as T;
  if (Array.isArray(tree)) return tree.map((item) => mapTensors(item, change)) as T;
  if (tree === null || typeof tree !== 'object') return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, mapTensors(value, change)])) as T;
}
