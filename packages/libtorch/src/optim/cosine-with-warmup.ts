/**
 * The factor on the learning rate at `step` (0-based): up linearly from 0 over the warm-up, then half a cosine down to 0.
 * Equal to transformers' `get_cosine_schedule_with_warmup`, the warm-up rounded up as its Trainer does.
 * @param warmupRatio share of `total` that warms up
 */
export function cosineWithWarmup(step: number, total: number, warmupRatio: number): number {
  const warmup = Math.ceil(total * warmupRatio);
  if (step < warmup) return step / Math.max(1, warmup);
  const progress = (step - warmup) / Math.max(1, total - warmup);
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}
