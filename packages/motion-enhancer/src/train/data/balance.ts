/** How far λ moves toward its goal at a measurement, in its logarithm: single batches are noisy. */
const STEP = 0.5;

/**
 * λ after a measurement, so that λ · ratio comes near `goal`: the first measurement sets it, later ones move it half the
 * way (geometrically).
 * @param ratio ‖∇L_MSE‖ / ‖∇L_AR‖
 */
export function balanced(lambda: number, ratio: number, goal: number, first: boolean): number {
  if (!(ratio > 0) || !Number.isFinite(ratio)) return lambda;
  const wanted = goal / ratio;
  return first || lambda <= 0 ? wanted : lambda ** (1 - STEP) * wanted ** STEP;
}
