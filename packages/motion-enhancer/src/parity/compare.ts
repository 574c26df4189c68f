import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Check, Tolerance } from './part.js';

/** Of outputs in float32: what the reference meets between its own attention back ends. */
export const OUTPUT: Tolerance = { abs: 1e-4, rel: 0 };
/** Of gradients in float32, relative to the largest entry of the reference tensor. */
export const GRADIENT: Tolerance = { abs: 0, rel: 1e-3 };
export const EXACT: Tolerance = { abs: 0, rel: 0 };

/**
 * Compares a tensor with its reference in float64.
 * `maxAbs` is max |a − b|; `maxRel` is that over max |b| (0 when both are 0); it passes when
 * maxAbs ≤ abs + rel · max |b|. Shapes must be equal; NaN and Inf never pass.
 */
export function compare(name: string, ours: Tensor, reference: Tensor, tolerance: Tolerance): Check {
  if (ours.shape.join() !== reference.shape.join()) {
    const note = `shape [${ours.shape.join(', ')}], expected [${reference.shape.join(', ')}]`;
    return { name, maxAbs: Number.NaN, maxRel: Number.NaN, tolerance, ok: false, note };
  }
  return scope(() => {
    const a = ours.detach().to('float64', 'cpu');
    const b = reference.to('float64', 'cpu');
    if (b.numel === 0) return { name, maxAbs: 0, maxRel: 0, tolerance, ok: true };
    const maxAbs = a.sub(b).abs().max().item();
    const scale = b.abs().max().item();
    const maxRel = maxAbs === 0 ? 0 : maxAbs / scale;
    const ok = Number.isFinite(maxAbs) && maxAbs <= tolerance.abs + tolerance.rel * scale;
    return { name, maxAbs, maxRel, tolerance, ok };
  });
}

/** Compares lists of numbers within a tolerance, as `compare` does tensors. */
export function compareNumbers(
  name: string,
  ours: readonly number[],
  reference: readonly number[],
  tolerance: Tolerance,
): Check {
  if (ours.length !== reference.length) return { ...compareExact(name, ours, reference), tolerance };
  const maxAbs = reference.reduce((largest, value, i) => Math.max(largest, Math.abs(ours[i]! - value)), 0);
  const scale = reference.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const ok = maxAbs <= tolerance.abs + tolerance.rel * scale && Number.isFinite(maxAbs);
  return { name, maxAbs, maxRel: maxAbs === 0 ? 0 : maxAbs / scale, tolerance, ok };
}

/** Compares lists of numbers, ids or texts that must be equal. */
export function compareExact<T extends number | string>(
  name: string,
  ours: readonly T[],
  reference: readonly T[],
): Check {
  const wrong = ours.length === reference.length ? ours.findIndex((v, i) => v !== reference[i]) : -2;
  const ok = wrong === -1;
  const note = ok
    ? undefined
    : wrong === -2
      ? `${ours.length} values, expected ${reference.length}`
      : `first difference at ${wrong}: ${ours[wrong]}, expected ${reference[wrong]}`;
  return {
    name,
    maxAbs: ok ? 0 : Number.NaN,
    maxRel: ok ? 0 : Number.NaN,
    tolerance: EXACT,
    ok,
    ...(note ? { note } : {}),
  };
}

/**
 * Compares which items a ranking kept. Equal sets pass; so does a set that differs only in items whose scores lie within
 * the deviation of our scores from the cut: half precision cannot tell those apart. In float32 that is equality but for
 * exact ties.
 */
export function compareKept(
  name: string,
  ours: readonly number[],
  reference: readonly number[],
  ourScores: readonly number[],
  referenceScores: readonly number[],
): Check {
  const exact = compareExact(name, ours, reference);
  if (exact.ok || ours.length !== reference.length) return exact;
  const deviation = Math.max(...referenceScores.map((score, i) => Math.abs(score - ourScores[i]!)));
  const missed = reference.filter((i) => !ours.includes(i));
  const added = ours.filter((i) => !reference.includes(i));
  const gap = Math.max(...missed.map((i) => referenceScores[i]!)) - Math.min(...added.map((i) => referenceScores[i]!));
  if (!(gap <= 2 * deviation)) return exact;
  return { ...exact, maxAbs: gap, maxRel: 0, ok: true, note: `${missed.length} differ, within the scores' rounding` };
}
