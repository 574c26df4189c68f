import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { failedCheck } from './failed-check.js';
import { besideReference } from './golden-file.js';
import type { Check, ParityPart, Tolerance } from './part.js';
import { PARTS } from './parts/index.js';
import { uncheckedIn } from './unchecked.js';

export interface ParityOptions {
  device: string;
  dtype: DType;
  /** Names of parts to run; all by default. */
  only?: readonly string[];
  onCheck(check: Check): void;
  onSkip(part: ParityPart, missing: string): void;
}

export interface ParityResult {
  passed: number;
  failed: number;
  skipped: string[];
  /** What the folder holds beside the files of the parts: models that have no part. */
  unchecked: string[];
}

/**
 * Checks in half precision pass within this share of the tensor's largest entry: about twice the largest deviation that
 * an H200 showed (bench/results/parity-h200.md), which was the sum of z-scores of a head.
 */
const WIDER: Partial<Record<DType, Tolerance>> = {
  bfloat16: { abs: 0, rel: 0.15 },
  float16: { abs: 0, rel: 0.05 },
};

/**
 * Runs every part that the folder has.
 * @throws UserError when the folder is absent or has no known part
 */
export async function runParity(dir: string, options: ParityOptions): Promise<ParityResult> {
  if (!existsSync(dir))
    throw new UserError(`There is no folder ${dir}. Give one laid out like test/fixtures/reference.`, {
      code: 'ERR_PARITY',
    });
  const result: ParityResult = { passed: 0, failed: 0, skipped: [], unchecked: uncheckedIn(dir) };
  const report = (given: Check): void => {
    const check = widened(given, options.dtype);
    result[check.ok ? 'passed' : 'failed']++;
    options.onCheck(check);
  };
  for (const part of PARTS) {
    if (options.only && options.only.length > 0 && !options.only.includes(part.name)) continue;
    const missing =
      part.needs.find((path) => !existsSync(join(dir, path))) ??
      part.goldens?.find((path) => besideReference(dir, path) === null);
    if (missing !== undefined) {
      result.skipped.push(part.name);
      options.onSkip(part, missing);
      continue;
    }
    try {
      await part.run(dir, { device: options.device, dtype: options.dtype, report });
    } catch (error) {
      // One part that breaks must not hide the others.
      report(failedCheck(part.name, error));
    }
  }
  if (result.passed + result.failed === 0) {
    throw new UserError(
      `${dir} holds none of the parts ${PARTS.map((p) => p.name).join(', ')}. Give a folder laid out like test/fixtures/reference.`,
      { code: 'ERR_PARITY' },
    );
  }
  return result;
}

function widened(check: Check, dtype: DType): Check {
  const wider = WIDER[dtype];
  const exact = check.tolerance.abs === 0 && check.tolerance.rel === 0;
  if (!wider || check.ok || exact || !Number.isFinite(check.maxAbs)) return check;
  return { ...check, tolerance: wider, ok: check.maxRel <= wider.rel };
}
