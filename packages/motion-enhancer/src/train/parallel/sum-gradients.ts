import {
  allReduce_,
  cat,
  noGrad,
  type ProcessGroup,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '@motion-enhancer/libtorch';

/** Most values that go at once: their copy stands in memory meanwhile. */
const AT_ONCE = 2 ** 26;

/**
 * Sums gradients over the ranks, in float32 (float64 of float64), a few large messages for all. A gradient that no rank has
 * stays absent: its weight must not move, not even by decay.
 */
export function sumGradients(parameters: readonly Tensor[], group: ProcessGroup): void {
  if (group.size === 1) return;
  noGrad(() => {
    const mine = scope(() => parameters.map(({ grad }) => grad !== null));
    const here = presentAnywhere(mine, parameters[0]!.device, group);
    let bucket: Tensor[] = [];
    let values = 0;
    const flush = () => {
      if (bucket.length > 0) sumBucket(bucket, group);
      bucket = [];
      values = 0;
    };
    for (const [i, p] of parameters.entries()) {
      if (!here[i]) continue;
      if (bucket.length > 0 && (wide(p) !== wide(bucket[0]!) || values + p.numel > AT_ONCE)) flush();
      bucket.push(p);
      values += p.numel;
    }
    flush();
  });
}

/** Which of these some rank has. */
export function presentAnywhere(mine: readonly boolean[], device: string, group: ProcessGroup): boolean[] {
  if (group.size === 1) return [...mine];
  return scope(() =>
    allReduce_(tensor(mine.map(Number), { dtype: 'float32', device }), group, 'max')
      .toArray()
      .map((flag) => flag > 0),
  );
}

export const wide = ({ dtype }: Pick<Tensor, 'dtype'>): 'float32' | 'float64' =>
  dtype === 'float64' ? 'float64' : 'float32';

function sumBucket(parameters: readonly Tensor[], group: ProcessGroup): void {
  scope(() => {
    const { device } = parameters[0]!;
    const dtype = wide(parameters[0]!);
    const flat = cat(
      parameters.map(({ grad, numel }) => (grad ? grad.reshape(-1).to(dtype) : zeros([numel], { dtype, device }))),
    );
    allReduce_(flat, group);
    let at = 0;
    for (const p of parameters) {
      const sum = flat.narrow(0, at, p.numel).view(...p.shape);
      at += p.numel;
      if (p.grad) p.grad.copy_(sum);
      else p.grad = sum.to(p.dtype).clone();
    }
  });
}
