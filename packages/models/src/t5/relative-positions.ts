import { embedding, type Tensor, tensor } from '@motion-enhancer/libtorch';

/**
 * Bucket of a key `offset` tokens after the query (negative: before). Half of the buckets are for keys after it; in
 * each half, small distances have buckets of their own, larger ones share logarithmic ones, up to `maxDistance`.
 * Source: transformers models/t5/modeling_t5.py 5.18.0, T5Attention._relative_position_bucket (arXiv 1910.10683, 2.1)
 */
export function relativePositionBucket(offset: number, buckets: number, maxDistance: number): number {
  const half = buckets / 2;
  const exact = Math.floor(half / 2);
  const distance = Math.abs(offset);
  const side = offset > 0 ? half : 0;
  if (distance < exact) return side + distance;
  // Upstream computes this in float32: round where it does, so that edges of buckets fall alike.
  const f = Math.fround;
  const share = f(f(Math.log(f(distance / exact))) / f(Math.log(maxDistance / exact)));
  return side + Math.min(exact + Math.floor(f(share * (half - exact))), half - 1);
}

/** Bucket of every key for every query: int64 [length, length]. */
export function relativeBuckets(
  length: number,
  { buckets, maxDistance }: { buckets: number; maxDistance: number },
  device: string,
): Tensor {
  const ids = Array.from({ length: length * length }, (_, i) =>
    relativePositionBucket((i % length) - Math.floor(i / length), buckets, maxDistance),
  );
  return tensor(ids, { dtype: 'int64', shape: [length, length], device });
}

/** The bias added to the scores of every block: [1, heads, length, length]. */
export function relativeBias(table: Tensor, buckets_NN: Tensor): Tensor {
  return embedding(buckets_NN, table).permute(2, 0, 1).unsqueeze(0).contiguous();
}
