import type { DType } from '@motion-enhancer/libtorch';

/** How a check is judged: |ours − reference| ≤ abs + rel · |reference| elementwise, or exact equality. */
export interface Tolerance {
  abs: number;
  rel: number;
}

/** One line of the report. */
export interface Check {
  /** `folder/tensor`, for example `vae/mean_9`. */
  name: string;
  maxAbs: number;
  maxRel: number;
  tolerance: Tolerance;
  ok: boolean;
  /** Why it failed, where numbers do not say it (shape, missing tensor). */
  note?: string;
}

export interface ParityContext {
  device: string;
  /** Weights and activations of the networks; tolerances widen with it. */
  dtype: DType;
  report(check: Check): void;
}

/** The checks of one part of a folder laid out like `reference/`. */
export interface ParityPart {
  /** File or folder below the reference folder that must exist for this part to run. */
  needs: readonly string[];
  /** The same, but such a file may also stand beside the folder, as test/fixtures/goldens does. */
  goldens?: readonly string[];
  name: string;
  run(dir: string, context: ParityContext): void | Promise<void>;
}
